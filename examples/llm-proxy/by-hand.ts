// The proxy of proxy.ts as it is written in a minute, for counts.ts: nothing listens to the client's leaving or to SIGTERM.
//
//   npm run example -- llm-proxy/by-hand <upstream>
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const upstream = process.argv[2] ?? '';

// #region by-hand
const server = createServer((request, response) => {
  forward(request, response).catch(() => response.destroy());
});

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await fetch(new URL(request.url ?? '/', upstream), {
    method: 'POST',
    body: await text(request),
    headers: { 'content-type': 'application/json' },
  });
  response.writeHead(answer.status, { 'content-type': 'text/event-stream' });
  for await (const chunk of answer.body ?? []) response.write(chunk);
  response.end();
}
// #endregion by-hand
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
