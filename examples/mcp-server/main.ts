// An MCP server whose tools end with their call: the query on the database, the connection of a fetch, the processes.
//
//   npm run example -- mcp-server --database postgres://postgres@127.0.0.1:5432/postgres [--port 3000] [--drain 10000]
//   node scripts/start.mjs mcp-server --database … --stdio
//
// A client that disconnects, or sends `notifications/cancelled`, cancels its call. At SIGTERM the server accepts no more calls, gives
// those that have begun `--drain` milliseconds, and ends. What happens to each call is told on stderr.
import { parseArgs } from 'node:util';
import { currentScope, race, run, taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { waitForEvent } from '@ambit/core/abort';
import { serveHttp } from '@ambit/io';
import type { HttpHandler } from '@ambit/io';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import pg from 'pg';
import { makeServer } from './server.ts';
import { Sessions } from './sessions.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'postgres://postgres@127.0.0.1:5432/postgres' },
    port: { type: 'string', default: '3000' },
    drain: { type: 'string', default: '10000' },
    stdio: { type: 'boolean', default: false },
  },
});

// #region main
await run(
  async (group) => {
    const pool = new pg.Pool({ connectionString: values.database });
    // A connection that breaks while it is idle is replaced by the pool.
    pool.on('error', (error) => {
      console.error(error.message);
    });
    group.defer(() => pool.end());
    // The calls end before the pool is closed.
    await taskGroup((calls) => (values.stdio ? overStdio(calls, pool) : overHttp(calls, pool)));
  },
  { drain: Number(values.drain) },
);

/** For clients of the revision 2026-07-28 and, in sessions, of 2025. */
function overHttp(calls: TaskGroup, pool: pg.Pool): Promise<void> {
  const handler = createMcpHandler(() => makeServer(calls, pool), { legacy: 'reject' });
  const sessions = new Sessions(() => makeServer(calls, pool));
  calls.defer(() => Promise.all([handler.close(), sessions.close()]));
  const fetch = async (request: Request): Promise<Response> => {
    return (await isLegacyRequest(request)) ? sessions.fetch(request) : handler.fetch(request);
  };
  // The types of the SDK do not hold under exactOptionalPropertyTypes.
  return serveHttp(toNodeHandler({ fetch }) as HttpHandler, {
    port: Number(values.port),
    host: '127.0.0.1',
    grace: Number(values.drain),
    onListening: ({ host, port }) => {
      console.error(`http://${host}:${port}/mcp`);
    },
  });
}

/** Until the client closes its end, by which the SDK aborts the calls, or the program is told to end. */
async function overStdio(calls: TaskGroup, pool: pg.Pool): Promise<void> {
  const handle = serveStdio(() => makeServer(calls, pool));
  calls.defer(() => handle.close());
  const { draining } = currentScope();
  await race([() => waitForEvent(process.stdin, 'end'), () => waitForEvent(draining, 'abort')]);
}
// #endregion main
