// A model on loopback: it speaks the protocols of OpenAI and Anthropic, streams a word at a time, and counts. What it says is a
// script. It is written without Ambit, so that it can count what programs with and without Ambit leave behind.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { asked, wireOf } from './wire.ts';
import type { Asked } from './wire.ts';

/** What the model says in one turn. */
export interface Turn {
  readonly text: string;
  readonly calls?: readonly { readonly name: string; readonly input: object }[];
  /** Refuses with this status and says when to come back, in seconds. */
  readonly refusal?: { readonly status: number; readonly retryAfter: number };
  /** Says nothing more after this number of words, and leaves the connection open. */
  readonly stallAfter?: number;
}

export type Script = (asked: Asked) => Turn;

export interface ModelStatistics {
  /** Requests that are being answered now. */
  readonly running: number;
  /** Those of them whose answer has begun. */
  readonly speaking: number;
  readonly started: number;
  /** Requests whose client left before the end. */
  readonly left: number;
  /** Words that were sent: each is a token that is paid for. */
  readonly tokens: number;
}

/** Starts the model on a free port. */
export async function startModel(script: Script, msPerToken = 8): Promise<Model> {
  const model = new Model(script, msPerToken);
  await model.listen();
  return model;
}

export class Model {
  readonly #counts = { running: 0, speaking: 0, started: 0, left: 0, tokens: 0 };
  readonly #attempts = new Map<string, number>();
  readonly #script: Script;
  readonly #msPerToken: number;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      response.destroy(error as Error);
    });
  });

  constructor(script: Script, msPerToken: number) {
    this.#script = script;
    this.#msPerToken = msPerToken;
  }

  async listen(port = 0, host = '127.0.0.1'): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  statistics(): ModelStatistics {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const counts = this.#counts;
    const gone = new AbortController();
    counts.started += 1;
    counts.running += 1;
    response.on('close', () => {
      counts.running -= 1;
      if (!response.writableFinished) counts.left += 1;
      gone.abort();
    });
    if (request.method === 'GET') {
      // A page, for tools that read one.
      if (request.url !== '/never') response.end('checkout: 2.9 s, before Tuesday 0.4 s');
      return;
    }
    const question = asked(request.url ?? '', await json(request), this.#attempts);
    const turn = this.#script(question);
    if (turn.refusal === undefined)
      await this.#stream({ question, turn, response, gone: gone.signal });
    else refuse(response, turn.refusal);
  }

  async #stream({ question, turn, response, gone }: Streaming): Promise<void> {
    const wire = wireOf(question.protocol, (event) => response.write(event));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    wire.begin();
    this.#counts.speaking += 1;
    response.on('close', () => (this.#counts.speaking -= 1));
    const words = turn.text.match(/\S+\s*/g) ?? [];
    let sent = 0;
    for (const word of words.slice(0, question.maxTokens)) {
      if (sent === turn.stallAfter) await pause(600_000, undefined, { signal: gone, ref: false });
      await pause(this.#msPerToken, undefined, { signal: gone });
      wire.text(word);
      sent += 1;
      this.#counts.tokens += 1;
    }
    wire.end({ calls: turn.calls ?? [], tokens: sent, isCut: sent < words.length });
    response.end();
  }
}

interface Streaming {
  readonly question: Asked;
  readonly turn: Turn;
  readonly response: ServerResponse;
  readonly gone: AbortSignal;
}

function refuse(
  response: ServerResponse,
  { status, retryAfter }: NonNullable<Turn['refusal']>,
): void {
  const headers = { 'content-type': 'application/json', 'retry-after': String(retryAfter) };
  const error = { type: 'rate_limit_error', message: 'too many requests' };
  response.writeHead(status, headers).end(JSON.stringify({ type: 'error', error }));
}
