import { ContextVar } from '@ambit/core';
import type { EventLoop } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { Lock } from '../locks/lock.ts';
import type { LeaseChange, LeaseStore } from './lease-store.ts';

/** What a line knows of a lease that is held in this process. */
export interface LineMember {
  /** Asks the store whether it is still held. */
  _check(): void;
}

type Lines = Map<string, Line>;

const linesOf = new WeakMap<LeaseStore, Lines>();

/**
 * The line of a name in a store: the callers of this process that wait for it are in it, and only the first asks
 * the store, so that a thousand waiters cost what one does. There is one while it is used: one that no caller has
 * entered is kept nowhere.
 */
export function lineOf(store: LeaseStore, kind: 'lease' | 'rate', name: string): Line {
  const lines = linesOf.get(store) ?? open(store);
  const key = `${kind} ${name}`;
  let line = lines.get(key);
  if (line === undefined) {
    const made: Line = new Line(name, {
      remember: () => lines.set(key, made),
      forget: () => lines.delete(key),
    });
    line = made;
  }
  return line;
}

function open(store: LeaseStore): Lines {
  const lines: Lines = new Map();
  linesOf.set(store, lines);
  store.onChange?.((name, change) => lines.get(`lease ${name}`)?.changed(change));
  return lines;
}

export class Line {
  /** Held by the caller whose turn it is to ask. */
  readonly turn: Lock;
  /** The leases of this name that are held in this process. */
  readonly held: Set<LineMember> = new Set();
  /** The lease that is held by the `run()` around, if it is one of this name. */
  readonly ambientLease: ContextVar<LineMember> = new ContextVar();
  /** The callers that were told to wait, and those after them: no caller may pass them. */
  readonly waiters: Set<object> = new Set();
  #users = 0;
  readonly #sleepers = new Set<() => void>();
  readonly #registry: { remember(): unknown; forget(): unknown };

  constructor(name: string, registry: { remember(): unknown; forget(): unknown }) {
    this.turn = new Lock({ name });
    this.#registry = registry;
  }

  /** Keeps the line there, until {@link leave}. */
  enter(): void {
    if (this.#users === 0) this.#registry.remember();
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#registry.forget();
  }

  add(lease: LineMember): void {
    this.held.add(lease);
    this.enter();
  }

  drop(lease: LineMember): void {
    if (!this.held.delete(lease)) return;
    this.#wake();
    this.leave();
  }

  changed(change: LeaseChange): void {
    if (change === 'revoked') for (const lease of this.held) lease._check();
    this.#wake();
  }

  /** Waits until something changed, or for `ms` milliseconds. */
  pause(
    ms: number,
    options: {
      readonly loop: EventLoop;
      readonly signal: AbortSignal | undefined;
      readonly name: string;
    },
  ): Promise<void> {
    return park<void>((waker) => {
      const wake = (): void => {
        undo();
        waker.wake();
      };
      const timer = options.loop.callLater(ms, wake);
      const undo = (): void => {
        timer.cancel();
        this.#sleepers.delete(wake);
      };
      this.#sleepers.add(wake);
      return undo;
    }, options);
  }

  #wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}
