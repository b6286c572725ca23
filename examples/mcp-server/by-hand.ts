// The server of this directory with signals alone: each tool hands the signal of its call on, where it can. counts.ts counts
// what that leaves behind.
//
//   npm run example -- mcp-server/by-hand <url of the database>
import { exec } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { CallToolResult } from '@modelcontextprotocol/server';
import pg from 'pg';
import { z } from 'zod';

const execute = promisify(exec);
const pool = new pg.Pool({ connectionString: process.argv[2] });
// A connection that breaks while it is idle is replaced by the pool.
pool.on('error', (error) => {
  console.error(error.message);
});

// #region by-hand
function makeServer(): McpServer {
  const server = new McpServer({ name: 'by-hand', version: '1.0.0' });

  const sql = z.object({ sql: z.string() });
  server.registerTool('query', { inputSchema: sql }, async (input) => {
    // pg takes no signal.
    return resultOf(JSON.stringify((await pool.query(input.sql)).rows));
  });

  const page = z.object({ url: z.string() });
  server.registerTool('fetch_page', { inputSchema: page }, async ({ url }, { mcpReq }) => {
    return resultOf(await (await fetch(url, { signal: mcpReq.signal })).text());
  });

  const commands = z.object({ commands: z.array(z.string()) });
  server.registerTool('run_commands', { inputSchema: commands }, async (input, { mcpReq }) => {
    let output = '';
    for (const command of input.commands) {
      // The signal ends the shell, and not what the shell has started.
      output += (await execute(command, { signal: mcpReq.signal })).stdout;
    }
    return resultOf(output);
  });
  return server;
}
// #endregion by-hand

function resultOf(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

// The types of the SDK do not hold under exactOptionalPropertyTypes.
const handle = toNodeHandler(createMcpHandler(makeServer)) as Handle;
const server = createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  console.error(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
