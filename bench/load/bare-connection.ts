// A connection of node:net by hand that gives what one of ours does, and nothing more: what no library can be below.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BareTask, bareWait, taskHere } from './bare-group.ts';
import type { Awaited, BareGroup, BareWait } from './bare-group.ts';

const CONNECTION = Symbol('the connection over it');

type Known = Socket & { [CONNECTION]?: BareConnection };

const SENT = Promise.resolve();

/** Each piece is a promise, whose wait can be cancelled and takes no byte then; a send waits until the system has all of it. */
export class BareConnection implements Awaited {
  readonly #socket: Socket;
  readonly #name: string;
  #wait: BareWait | undefined = undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#name = [socket.remoteAddress, socket.remotePort].join(':');
    (socket as Known)[CONNECTION] = this;
    socket.on('data', heard).on('end', heard).on('close', heard).on('error', nothing);
  }

  receive(): Promise<unknown> {
    const socket = this.#socket;
    const piece = socket.readableLength > 0 ? (socket.read() as Buffer | null) : null;
    if (piece !== null) return Promise.resolve(piece);
    if (socket.readableEnded || socket.destroyed) return SENT;
    this.#wait = bareWait(this.#name, this);
    if (!socket.readableFlowing) socket.resume();
    return this.#wait.promise;
  }

  send(data: Uint8Array): Promise<void> {
    const socket = this.#socket;
    socket.write(data);
    if (socket.writableLength === 0) return SENT;
    return new Promise((resolve, reject) => {
      socket.write('', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Waits until all is sent, and nothing of it is left. */
  async close(): Promise<void> {
    this.#socket.end();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  takeBack(): void {
    this.#wait = undefined;
  }

  /** False: no receive waits. */
  _wake(piece: Buffer | undefined): boolean {
    const wait = this.#wait;
    if (wait === undefined) return false;
    this.#wait = undefined;
    return wait.wake(piece);
  }
}

/** What runs for a connection is a task of a group. It ends once nothing of the connection is left. */
class BareService extends BareTask {
  readonly connection: BareConnection;

  constructor(group: BareGroup, connection: BareConnection) {
    super(group, '');
    this.connection = connection;
  }
}

export function serveBare(group: BareGroup, socket: Socket): void {
  group.start(new BareService(group, new BareConnection(socket)), serve);
}

function serve({ connection }: BareService): Promise<void> {
  return echoBare(connection).then(closeHere, failHere);
}

// In the context of the task, so that no closure keeps the connection.
function connectionHere(): BareConnection {
  const task = taskHere();
  if (!(task instanceof BareService)) throw new Error('called outside of the task of a connection');
  return task.connection;
}

function closeHere(): Promise<void> {
  return connectionHere().close();
}

function failHere(error: unknown): never {
  connectionHere().destroy();
  throw error;
}

async function echoBare(connection: BareConnection): Promise<void> {
  for (let piece = await connection.receive(); piece !== undefined;) {
    await connection.send(piece as Buffer);
    piece = await connection.receive();
  }
}

function heard(this: Socket, piece?: Buffer | boolean): void {
  const bytes = typeof piece === 'object' ? piece : undefined;
  if ((this as Known)[CONNECTION]?._wake(bytes) !== false || bytes === undefined) return;
  this.pause();
  this.unshift(bytes);
}

function nothing(): void {
  // The socket keeps its error.
}
