// The server: tools without a signal in any of them.
import { CancelScope } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { fetch, runProcess } from '@ambit/io';
import { query } from '@ambit/io/pg';
import { McpServer } from '@modelcontextprotocol/server';
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import type { Pool } from 'pg';
import { z } from 'zod';

// #region call
/** Tells the client how far a call has got, if it has asked for that. */
type Progress = (progress: number, total: number) => Promise<void>;

/**
 * Makes the handler of a tool. Each call is a task of the group, and is cancelled when the client has left or has sent
 * `notifications/cancelled`: of both, the SDK tells by its signal.
 */
function callsIn(group: TaskGroup) {
  return <I>(name: string, body: (input: I, progress: Progress) => Promise<string>) => {
    const call = async (input: I, { mcpReq }: ServerContext): Promise<CallToolResult> => {
      const scope = new CancelScope({ name, signal: mcpReq.signal });
      try {
        const text = await scope.run(() => body(input, progressOf(mcpReq)));
        // The client does not read what comes after it has cancelled.
        return { content: [{ type: 'text', text: text ?? 'cancelled' }] };
      } finally {
        // stdout may belong to the protocol.
        console.error(`${name}: ${scope.cancelCalled ? 'cancelled' : 'ended'}`);
      }
    };
    return group.bind(call, { name });
  };
}
// #endregion call

function progressOf({ _meta, notify }: ServerContext['mcpReq']): Progress {
  const progressToken = _meta?.progressToken;
  return async (progress, total) => {
    if (progressToken === undefined) return;
    await notify({ method: 'notifications/progress', params: { progressToken, progress, total } });
  };
}

// #region tools
export function makeServer(group: TaskGroup, pool: Pool): McpServer {
  const server = new McpServer({ name: 'ambit-example', version: '1.0.0' });
  const call = callsIn(group);

  const sql = z.object({ sql: z.string() });
  server.registerTool(
    'query',
    { description: 'Runs a query on the database.', inputSchema: sql },
    call('query', async ({ sql: text }: z.infer<typeof sql>) => {
      return JSON.stringify((await query(pool, text)).rows);
    }),
  );

  const page = z.object({ url: z.string() });
  server.registerTool(
    'fetch_page',
    { description: 'Fetches a page.', inputSchema: page },
    call('fetch_page', async ({ url }: z.infer<typeof page>) => (await fetch(url)).text()),
  );

  const commands = z.object({ commands: z.array(z.string()) });
  server.registerTool(
    'run_commands',
    { description: 'Runs commands, one after the other.', inputSchema: commands },
    call('run_commands', async (input: z.infer<typeof commands>, progress) => {
      let output = '';
      for (const [index, command] of input.commands.entries()) {
        output += (await runProcess('sh', ['-c', command])).stdout;
        await progress(index + 1, input.commands.length);
      }
      return output;
    }),
  );
  return server;
}
// #endregion tools
