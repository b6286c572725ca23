import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';

/** What became of the requests of a load, by their paths. */
export interface Tally {
  /** With the whole response. */
  readonly answered: Set<string>;
  /** Answered, and told that the connection would be closed. */
  readonly told: Set<string>;
  /** No connection at all. */
  readonly refused: Set<string>;
  /** A connection was there and was closed, with no byte of a response: it may be asked again elsewhere. */
  readonly closed: Set<string>;
  /** Part of a response, and no more. */
  readonly cut: Set<string>;
  /** How clients see what is not answered: code, and whether their connection had been used before. */
  readonly symptoms: Map<string, number>;
}

/** Clients that ask one request after the other, until the server refuses; some keep their connections. */
export async function load(port: number, clients: number, signal: AbortSignal): Promise<Tally> {
  const tally: Tally = {
    answered: new Set(),
    told: new Set(),
    refused: new Set(),
    closed: new Set(),
    cut: new Set(),
    symptoms: new Map(),
  };
  await Promise.all(
    Array.from({ length: clients }, (_, at) => new Client(port, at, tally).run(signal)),
  );
  return tally;
}

class Client {
  readonly #port: number;
  readonly #name: number;
  readonly #tally: Tally;
  readonly #agent: Agent;
  #isRefused = false;

  constructor(port: number, name: number, tally: Tally) {
    this.#port = port;
    this.#name = name;
    this.#tally = tally;
    this.#agent = new Agent({ keepAlive: name % 2 === 0, maxSockets: 1 });
  }

  async run(signal: AbortSignal): Promise<void> {
    for (let at = 0; !this.#isRefused && !signal.aborted; at += 1) {
      await this.#ask(`/${this.#name}-${at}`, at % 4 === 0 ? 'POST' : 'GET');
      // Some think between two requests, so that their connections are idle at times.
      if (this.#name % 4 === 0) await new Promise((wake) => setTimeout(wake, Math.random() * 30));
    }
    this.#agent.destroy();
  }

  #ask(path: string, method: string): Promise<void> {
    return new Promise((resolve) => {
      const asking = request({
        port: this.#port,
        host: '127.0.0.1',
        agent: this.#agent,
        path,
        method,
      });
      asking.on('error', (error: NodeJS.ErrnoException) => {
        this.#failed(path, asking, error);
        resolve();
      });
      asking.on('response', (response) => {
        void this.#read(path, response).then(resolve);
      });
      asking.end(method === 'POST' ? 'a body' : undefined);
    });
  }

  #failed(
    path: string,
    { reusedSocket }: ClientRequest,
    { code, message }: NodeJS.ErrnoException,
  ): void {
    const symptom = `${code ?? message} (${reusedSocket ? 'used before' : 'new'})`;
    this.#tally.symptoms.set(symptom, (this.#tally.symptoms.get(symptom) ?? 0) + 1);
    this.#isRefused = code === 'ECONNREFUSED';
    (this.#isRefused ? this.#tally.refused : this.#tally.closed).add(path);
  }

  async #read(path: string, response: IncomingMessage): Promise<void> {
    let body = '';
    try {
      for await (const chunk of response) body += String(chunk);
    } catch {
      // Judged by what has come.
    }
    if (!body.endsWith(`answered ${path}`)) this.#tally.cut.add(path);
    else this.#tally.answered.add(path);
    if (response.headers.connection === 'close') this.#tally.told.add(path);
  }
}
