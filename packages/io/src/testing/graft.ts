import type { Socket } from 'node:net';
import type { Handle } from '@ambit/core';
import { contextHere } from './current-machine.ts';
import type { InContext } from './current-machine.ts';
import type { Direction } from './direction.ts';
import type { Machine } from './machine.ts';
import { socketMethods } from './socket-methods.ts';
import { systemError } from './system-error.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** What a socket of the simulated network has in addition. */
export class Graft {
  readonly machine: Machine;
  readonly #socket: Socket;
  /** The context of the call that connected, or listened. */
  readonly inContext: InContext = contextHere();
  out: Direction | undefined;
  in: Direction | undefined;
  local: Place | undefined;
  remote: Place | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Its machine was switched off. */
  isGone = false;
  /** Called when the socket is destroyed. */
  readonly onDestroy: (() => void)[] = [];
  #idle = 0;
  #lastUse = 0;
  #timer: Handle | undefined;

  constructor(socket: Socket, machine: Machine) {
    this.#socket = socket;
    this.machine = machine;
  }

  received(count: number): void {
    this.bytesRead += count;
    this.touch();
  }

  sent(count: number): void {
    this.bytesWritten += count;
    this.touch();
  }

  /** The socket's own timeout begins anew, in the loop's time. */
  touch(): void {
    this.#lastUse = this.machine.world.loop.now();
  }

  idleAfter(ms: number): void {
    this.#idle = ms;
    this.#timer?.cancel();
    this.touch();
    if (ms > 0 && !this.#socket.destroyed) this.#arm();
  }

  drop(): void {
    this.isGone = true;
    this.#timer?.cancel();
  }

  ended(): void {
    this.#timer?.cancel();
    for (const callback of this.onDestroy.splice(0)) callback();
  }

  #arm(): void {
    const { world } = this.machine;
    const due = this.#lastUse + this.#idle;
    this.#timer = world.at(due, () => {
      if (this.#lastUse + this.#idle > due) this.#arm();
      else this.inContext(() => this.#socket.emit('timeout'));
    });
  }
}

const grafts = new WeakMap<Socket, Graft>();

export function graftOf(socket: Socket): Graft {
  return grafts.get(socket) as Graft;
}

/** The machine of a socket; undefined if it is none of a simulation. */
export function machineOf(socket: Socket | undefined): Machine | undefined {
  return socket === undefined ? undefined : grafts.get(socket)?.machine;
}

/** Makes one of the simulated network's of a socket that has no handle. */
export function graft(socket: Socket, machine: Machine): Graft {
  const state = new Graft(socket, machine);
  grafts.set(socket, state);
  for (const [name, value] of Object.entries(socketMethods(socket, state))) {
    Object.defineProperty(socket, name, { value, configurable: true, writable: true });
  }
  Object.defineProperties(socket, {
    bytesRead: { get: () => state.bytesRead, configurable: true },
    bytesWritten: {
      get: () => state.bytesWritten + socket.writableLength,
      configurable: true,
    },
  });
  tellLateListeners(socket, state);
  return state;
}

/** TLS takes a socket without a handle for one that is still to connect, and waits to be told. */
function tellLateListeners(socket: Socket, state: Graft): void {
  socket.on('newListener', (event: string, listener: () => void) => {
    if (event !== 'connect' || socket.connecting || state.out === undefined) return;
    process.nextTick(() => {
      socket.off('connect', listener);
      listener.call(socket);
    });
  });
}

/** Breaks a connection at this end, as a reset that came. */
export function resetEnd(socket: Socket): void {
  const state = graftOf(socket);
  if (!state.isGone) state.inContext(() => socket.destroy(systemError('read', 'ECONNRESET')));
}

/** No code at this end runs any more. Its system tells the other end, if it still can. */
export function dropEnd(socket: Socket): void {
  const state = graftOf(socket);
  if (!state.machine.isSilent) state.out?.sendReset();
  state.drop();
}
