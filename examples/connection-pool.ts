// A pool of connections to a database: a TCP server on this machine, which takes one question at a time on each
// connection and answers it with a line.
//
//   npm run example -- connection-pool
//
// There are never more than two connections. If a query is cancelled, its answer may still arrive, so the connection is destroyed. The
// pool makes another one when it is needed.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { concurrentMap, currentScope, defineResource, moveOnAfter, run, use } from '@ambit/core';
import { ResourcePool } from '@ambit/sync';

class Connection {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect', { signal: currentScope().signal });
      return new Connection(socket);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async query(question: string): Promise<string> {
    try {
      this.#socket.write(`${question}\n`);
      const data = once(this.#socket, 'data', { signal: currentScope().signal });
      return String((await data)[0]).trim();
    } catch (error) {
      this.#socket.destroy();
      throw error;
    }
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Answers each question but `forever?`, and counts the connections. */
const database = defineResource(async function* () {
  const seen = { connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const question = String(data).trim();
      if (question !== 'forever?') socket.write(`${question.replace('?', '!')}\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  yield { port: (server.address() as AddressInfo).port, seen };
  server.close();
  await once(server, 'close');
});

await run(() =>
  use(database(), async ({ port, seen }) => {
    const pool = new ResourcePool({
      create: () => Connection.open(port),
      destroy: (connection: Connection) => connection.close(),
      validate: (connection) => connection.isOpen,
      max: 2,
    });
    const ask = (question: string) => pool.use((connection) => connection.query(question));

    const questions = ['one?', 'two?', 'three?', 'four?', 'five?', 'six?'];
    console.log((await concurrentMap(questions, ask, { limit: 6 })).join(' '));
    console.log(`${questions.length} queries, ${seen.connections} connections`);

    const answer = await moveOnAfter(50, () => ask('forever?'));
    console.log(answer ?? 'no answer in time');
    console.log((await concurrentMap(questions, ask, { limit: 6 })).join(' '));
    console.log(`${seen.connections} connections by now`);
    await pool.drain();
  }),
);
