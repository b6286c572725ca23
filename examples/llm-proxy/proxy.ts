// The proxy: each request of a client becomes one of the model, and ends with it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fetch } from '@ambit/io';
import { Budget, RateLimiter } from '@ambit/sync';

/** In which clients say how many milliseconds they wait; it is handed on to the model. */
export const DEADLINE = 'x-timeout-ms';

export interface Limits {
  /** Tokens that a client may spend. */
  readonly tokens: number;
  /** Requests that a client may make in a minute. */
  readonly requests: number;
}

interface Client {
  readonly budget: Budget;
  readonly rate: RateLimiter;
}

// #region proxy
export function proxyTo(upstream: string, limits: Limits) {
  const clients = new Map<string, Client>();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { budget, rate } = clientOf(request, clients, limits);
    const body = await text(request);
    if (!rate.tryAcquire()) {
      refuse(response, 'too many requests', 60);
      return;
    }
    using reservation = budget.tryReserve(maxTokensOf(body));
    if (reservation === undefined) {
      refuse(response, 'the budget of tokens is spent', 3600);
      return;
    }
    const answer = await fetch(new URL(request.url ?? '/', upstream), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      sendDeadline: DEADLINE,
    });
    response.writeHead(answer.status, { 'content-type': typeOf(answer) });
    const spent = { tokens: 0 };
    try {
      await pipeline(counted(answer, spent), response);
    } finally {
      // A stream that was cut short is paid as far as it got.
      reservation.settle(spent.tokens);
    }
  };
}
// #endregion proxy

function clientOf(request: IncomingMessage, clients: Map<string, Client>, limits: Limits): Client {
  const key = request.headers.authorization ?? request.socket.remoteAddress ?? '';
  let client = clients.get(key);
  if (client === undefined) {
    const budget = new Budget(limits.tokens, { name: 'tokens' });
    client = { budget, rate: new RateLimiter({ permits: limits.requests, per: 60_000 }) };
    clients.set(key, client);
  }
  return client;
}

function maxTokensOf(body: string): number {
  const { max_completion_tokens: most, max_tokens: older } = JSON.parse(body) as Record<
    string,
    unknown
  >;
  return Number(most ?? older ?? 4096);
}

/** Counts the pieces of text that pass: each is a token of this model. */
async function* counted(answer: Response, spent: { tokens: number }): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    spent.tokens += lines.filter((line) => /"content":"(?!")/.test(line)).length;
    yield chunk;
  }
}

function typeOf(answer: Response): string {
  return answer.headers.get('content-type') ?? 'text/event-stream';
}

function refuse(response: ServerResponse, message: string, retryAfter: number): void {
  response.writeHead(429, {
    'content-type': 'application/json',
    'retry-after': String(retryAfter),
  });
  response.end(JSON.stringify({ error: { type: 'rate_limit_error', message } }));
}
