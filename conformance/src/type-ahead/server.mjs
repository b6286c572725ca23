// The server that is asked. What it does with a query is in the query: `late` answers after 500 ms, `flaky` fails once, `broken` always.
import { createServer } from 'node:http';

export async function openServer() {
  const log = { requests: [], aborted: [] };
  const server = createServer((request, response) => {
    const query = new URL(request.url, 'http://localhost').searchParams.get('q');
    const times = log.requests.push(query) && log.requests.filter((each) => each === query).length;
    response.on('close', () => {
      if (!response.writableFinished) log.aborted.push(query);
    });
    const fails = query === 'broken' || (query === 'flaky' && times === 1);
    const answer = () => response.writeHead(fails ? 503 : 200).end(JSON.stringify([query]));
    if (query === 'late') setTimeout(answer, 500);
    else answer();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { log, origin: `http://127.0.0.1:${server.address().port}`, close };
}
