// A proxy in front of a model: it streams, and stops the model when the browser leaves.
//
//   npm run example -- llm-proxy [--upstream <url>] [--port 8080] [--drain 10000] [--tokens 10000] [--requests 60]
//
// Without `--upstream`, it starts a fake model on loopback. Each client has a budget of tokens and a limit of requests a minute. The
// header x-timeout-ms limits a request, and is handed on. At SIGTERM, streams that have begun get `--drain` milliseconds to end.
import { parseArgs } from 'node:util';
import { run } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import { startModel } from '../agent/model-server.ts';
import { DEADLINE, proxyTo } from './proxy.ts';

const { values } = parseArgs({
  options: {
    upstream: { type: 'string' },
    port: { type: 'string', default: '8080' },
    drain: { type: 'string', default: '10000' },
    tokens: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '60' },
  },
});

// #region main
await run(async (group) => {
  const upstream = values.upstream ?? (await fakeModel());
  const limits = { tokens: Number(values.tokens), requests: Number(values.requests) };
  await serveHttp(proxyTo(upstream, limits), {
    port: Number(values.port),
    host: '127.0.0.1',
    grace: Number(values.drain),
    deadlineFrom: DEADLINE,
    onListening: ({ host, port }) => {
      console.log(`http://${host}:${port}`);
    },
  });

  async function fakeModel(): Promise<string> {
    const model = await startModel(() => ({ text: 'A stream of words. '.repeat(50) }), 20);
    group.defer(() => model.close());
    return model.url;
  }
});
// #endregion main
