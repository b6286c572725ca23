// Sessions for clients of the revisions of 2025. They cancel a call by a request of its own, `notifications/cancelled`, and only a
// session leads it to the call. Without sessions, as `createMcpHandler` serves such clients by itself, it is accepted and has no effect.
import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { McpServer, RequestId } from '@modelcontextprotocol/server';

// #region sessions
export class Sessions {
  readonly #open = new Map<string, WebStandardStreamableHTTPServerTransport>();
  readonly #makeServer: () => McpServer;
  readonly #max: number;

  /** @param max - how many are kept; above it, the session that was not used for the longest time is closed */
  constructor(makeServer: () => McpServer, max = 1000) {
    this.#makeServer = makeServer;
    this.#max = max;
  }

  async fetch(request: Request): Promise<Response> {
    // A stream for messages outside of calls, of which this server has none; it would also hold up the end of the program.
    if (request.method === 'GET') return problem(405, 'Method not allowed');
    const id = request.headers.get('mcp-session-id');
    const transport = id === null ? await this.#begin() : this.#open.get(id);
    if (transport === undefined) return problem(404, 'Session not found');
    if (id !== null) await this.#use(id, transport);
    const calls = request.method === 'POST' ? await idsOf(request) : [];
    // A client that disconnects does not say which calls it leaves.
    request.signal.addEventListener('abort', () => {
      for (const requestId of calls) {
        const method = 'notifications/cancelled';
        transport.onmessage?.({ jsonrpc: '2.0', method, params: { requestId } });
      }
    });
    return transport.handleRequest(request);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((transport) => transport.close()));
  }

  async #begin(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport: WebStandardStreamableHTTPServerTransport =
      new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => this.#use(id, transport),
        onsessionclosed: (id) => void this.#open.delete(id),
      });
    await this.#makeServer().connect(transport);
    return transport;
  }

  /** Makes it the latest. */
  async #use(id: string, transport: WebStandardStreamableHTTPServerTransport): Promise<void> {
    this.#open.delete(id);
    this.#open.set(id, transport);
    const [[oldest, last] = []] = this.#open;
    if (this.#open.size <= this.#max || oldest === undefined) return;
    this.#open.delete(oldest);
    await last?.close();
  }
}
// #endregion sessions

/** The ids of the calls that a request carries. */
async function idsOf(request: Request): Promise<RequestId[]> {
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => undefined);
  const messages = [body].flat() as ({ id?: RequestId; method?: string } | undefined)[];
  return messages.flatMap((message) =>
    message?.method !== undefined && message.id !== undefined ? [message.id] : [],
  );
}

function problem(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_001, message } }, { status });
}
