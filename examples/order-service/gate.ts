// A way to the database that can be cut: connections break, and new ones are refused.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { sleep } from '@ambit/core';
import { once } from '@ambit/io';

export class Gate implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #port = 0;

  private constructor(to: number) {
    this.#server = createServer((client) => {
      const server = connect(to, '127.0.0.1');
      client.pipe(server).pipe(client);
      for (const end of [client, server]) {
        this.#sockets.add(end);
        end.on('error', () => undefined);
        end.on('close', () => {
          this.#sockets.delete(end);
          client.destroy();
          server.destroy();
        });
      }
    });
  }

  static async open(to: number): Promise<Gate> {
    const gate = new Gate(to);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    gate.#port = (gate.#server.address() as AddressInfo).port;
    return gate;
  }

  get port(): number {
    return this.#port;
  }

  /** Is closed for a time. */
  async close(ms: number): Promise<void> {
    this.#cut();
    await sleep(ms);
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  [Symbol.dispose](): void {
    this.#cut();
  }

  #cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
