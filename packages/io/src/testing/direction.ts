import type { Socket } from 'node:net';
import { graftOf } from './graft.ts';
import type { Machine } from './machine.ts';
import { systemError } from './system-error.ts';
import { laneBetween } from './world.ts';
import type { Lane } from './world.ts';

/** Bytes that may be sent and not yet received before a writer waits. */
const WINDOW = 65_536;
/** The most bytes that go on their way at once. */
const PIECE = 16_384;

export interface End {
  readonly socket: Socket;
  readonly machine: Machine;
}

type Done = (error?: Error | null) => void;
type Item = Uint8Array | 'fin' | 'reset';

interface Blocked {
  readonly bytes: Uint8Array;
  readonly done: Done | undefined;
}

/** One direction of a connection: what is sent arrives in order, when the link lets it. */
export class Direction {
  readonly #from: End;
  readonly #to: End;
  readonly #lane: Lane;
  readonly #arrived: Item[] = [];
  readonly #blocked: Blocked[] = [];
  #underWay = 0;
  #isFull = false;
  #isFlowing = false;

  constructor(from: End, to: End) {
    this.#from = from;
    this.#to = to;
    this.#lane = laneBetween(from.machine, to.machine);
  }

  send(bytes: Uint8Array, done: Done): void {
    for (let start = 0; start === 0 || start < bytes.length; start += PIECE) {
      const isLast = start + PIECE >= bytes.length;
      const piece = bytes.subarray(start, start + PIECE);
      this.#blocked.push({ bytes: piece, done: isLast ? done : undefined });
    }
    this.#unblock();
  }

  sendFin(): void {
    this.#post('fin', 0);
  }

  sendReset(): void {
    this.#post('reset', 0);
  }

  /** Writes that wait end. */
  cancel(): void {
    for (const { done } of this.#blocked.splice(0)) done?.(systemError('write', 'ECANCELED'));
  }

  /** The receiver reads on. */
  wanted(): void {
    this.#isFull = false;
    this.flow();
  }

  /** Something has arrived that the receiver has not taken. */
  get hasUnread(): boolean {
    return this.#arrived.length > 0;
  }

  /** Hands over what has arrived, as long as the receiver reads. */
  flow(): void {
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    const { socket } = this.#to;
    // A reset does not wait for a reader.
    const isAtOnce = (): boolean => socket.destroyed || this.#arrived.includes('reset');
    try {
      while (this.#arrived.length > 0 && (!this.#isFull || isAtOnce())) {
        this.#hand(this.#arrived.shift() as Item);
      }
    } finally {
      this.#isFlowing = false;
    }
  }

  #post(item: Item, size: number): void {
    this.#from.machine.world.send(this.#lane, size, () => {
      this.#arrived.push(item);
      this.flow();
    });
  }

  #hand(item: Item): void {
    const { socket } = this.#to;
    const state = graftOf(socket);
    if (state.isGone || socket.destroyed) {
      if (typeof item === 'object') this.#refuse();
    } else if (item === 'reset') {
      state.inContext(() => socket.destroy(systemError('read', 'ECONNRESET')));
    } else if (item === 'fin') {
      state.inContext(() => {
        socket.push(null);
        socket.read(0);
      });
    } else {
      this.#underWay -= item.length;
      state.received(item.length);
      if (!state.inContext(() => socket.push(item))) this.#isFull = true;
      this.#unblock();
    }
  }

  /** Bytes came to an end that is gone: its system says so, if it is there. */
  #refuse(): void {
    const { machine, socket } = this.#from;
    if (this.#to.machine.isSilent) return;
    const back = laneBetween(this.#to.machine, machine);
    machine.world.send(back, 0, () => {
      const state = graftOf(socket);
      if (socket.destroyed || state.isGone) return;
      state.inContext(() => socket.destroy(systemError('read', 'ECONNRESET')));
    });
  }

  #unblock(): void {
    for (;;) {
      const [next] = this.#blocked;
      if (next === undefined) return;
      const { bytes, done } = next;
      if (this.#underWay > 0 && this.#underWay + bytes.length > WINDOW) return;
      this.#blocked.shift();
      this.#underWay += bytes.length;
      this.#post(bytes, bytes.length);
      done?.();
    }
  }
}
