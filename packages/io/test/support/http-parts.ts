import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { CancelScope, taskGroup } from '@ambit/core';
import { serveHttp } from '../../src/index.ts';
import type { HttpAddress, HttpHandler, ServeHttpOptions } from '../../src/index.ts';

/** A service for the time of a test. */
export interface Served {
  readonly port: number;
  readonly url: string;
  /** What onError was told. */
  readonly errors: unknown[];
  /** Tells the service to stop, and waits until it has; the milliseconds that took. */
  stop(): Promise<number>;
  /** The scope around the service. */
  readonly service: CancelScope;
}

type Target = Parameters<typeof serveHttp>[0];

/** Serves while the body runs, then stops. */
export async function serving(
  target: HttpHandler | Target,
  body: (served: Served) => unknown,
  options: Partial<ServeHttpOptions> = {},
): Promise<void> {
  await taskGroup(async (group) => {
    const errors: unknown[] = [];
    const service = new CancelScope({ name: 'service' });
    const { port } = await group.start<HttpAddress>((task, started) =>
      service.run(() =>
        serveHttp(target, {
          port: 0,
          host: '127.0.0.1',
          grace: 2000,
          onError: (error) => void errors.push(error),
          onListening: started,
          ...options,
        }),
      ),
    );
    const stop = async (): Promise<number> => {
      const start = performance.now();
      service.cancel();
      await group.join();
      return performance.now() - start;
    };
    try {
      await body({ port, url: `http://127.0.0.1:${port}`, errors, stop, service });
    } finally {
      await stop();
    }
  });
}

/** A client that says just what it is told to. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** All that came. */
  text = '';
  isClosed = false;
  error: Error | undefined;
  #changed: (() => void)[] = [];

  constructor(port: number, socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })) {
    this.socket = socket;
    this.socket
      .setEncoding('latin1')
      .on('data', (text: string) => this.#note(() => (this.text += text)));
    this.socket.on('error', (error) => this.#note(() => (this.error = error)));
    this.socket.on('close', () => this.#note(() => (this.isClosed = true)));
    this.socket.on('connect', () => this.#note(() => undefined));
  }

  #note(change: () => void): void {
    change();
    for (const wake of this.#changed.splice(0)) wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  get(path: string): this {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
  }

  /** Until this has come. */
  async receives(text: string): Promise<void> {
    await this.until(() => this.text.includes(text) || this.isClosed);
    if (!this.text.includes(text)) throw new Error(`closed after ${JSON.stringify(this.text)}`);
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed);
  }

  async connected(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    return this;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A promise, and what settles it. */
export function signal(): { readonly given: Promise<void>; give(): void } {
  let give!: () => void;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}
