// A connection of node:net by hand that gives what one of ours does, and nothing more: what no library can be below.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';

const CONNECTION = Symbol('the connection over it');

type Known = Socket & { [CONNECTION]?: BareConnection };

const connections = new AsyncLocalStorage<BareConnection>();

/** Those whose receive waits: a server that ends cancels them. */
const waiting = new Set<BareConnection>();

const SENT = Promise.resolve();

/**
 * Each piece is a promise, whose wait can be cancelled and takes no byte then; a send waits until the system has all of it; what runs
 * for the connection has a value of its own that follows `await`, and its end is heard; messages can say which connection it was.
 */
export class BareConnection {
  readonly name: string;
  readonly #socket: Socket;
  #wake: ((piece: Buffer | undefined) => void) | undefined = undefined;
  #fail: ((error: unknown) => void) | undefined = undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.name = [socket.remoteAddress, socket.remotePort].join(':');
    (socket as Known)[CONNECTION] = this;
    socket.on('data', heard).on('end', heard).on('close', heard).on('error', nothing);
  }

  receive(): Promise<Buffer | undefined> {
    const socket = this.#socket;
    const piece = socket.readableLength > 0 ? (socket.read() as Buffer | null) : null;
    if (piece !== null) return Promise.resolve(piece);
    if (socket.readableEnded || socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#fail = reject;
      waiting.add(this);
      if (!socket.readableFlowing) socket.resume();
    });
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

  end(): void {
    this.#socket.end();
  }

  cancel(): void {
    waiting.delete(this);
    this.#fail?.(new Error('cancelled'));
    this.#wake = this.#fail = undefined;
    this.#socket.destroy();
  }

  /** False: no receive waits. */
  _wake(piece: Buffer | undefined): boolean {
    const wake = this.#wake;
    if (wake === undefined) return false;
    waiting.delete(this);
    this.#wake = this.#fail = undefined;
    wake(piece);
    return true;
  }
}

/** Calls the handler in the connection's own context, and hears of its end. */
export function serveBare(
  socket: Socket,
  handler: (connection: BareConnection) => Promise<void>,
): void {
  const connection = new BareConnection(socket);
  void connections.run(connection, () => handler(connection).then(endHere, endHere));
}

export function cancelBare(): void {
  for (const connection of waiting) connection.cancel();
}

export async function echoBare(connection: BareConnection): Promise<void> {
  for (let piece = await connection.receive(); piece !== undefined;) {
    await connection.send(piece);
    piece = await connection.receive();
  }
}

function endHere(): void {
  connections.getStore()?.end();
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
