// A lock by hand that gives what one of ours does, and nothing more: what no library can be below.
import { BareWait, openScope, waitIn } from './bare-group.ts';
import type { Awaited, BareScope, BareTask } from './bare-group.ts';

/** Gives the lock back, once. It knows its holder: a task that asks again would wait forever. */
class BareHold implements Disposable {
  readonly #lock: BareLock;
  readonly task: BareTask | undefined;

  constructor(lock: BareLock, task: BareTask | undefined) {
    this.#lock = lock;
    this.task = task;
  }

  [Symbol.dispose](): void {
    this.#lock.release(this);
  }
}

class LockWait extends BareWait {
  before: LockWait | undefined = undefined;
  after: LockWait | undefined = undefined;
  readonly task: BareTask | undefined;

  constructor(lock: BareLock, task: BareTask | undefined) {
    super('lock', lock);
    this.task = task;
  }
}

/** First come, first served; a wait can be cancelled, and leaves no place behind; no turn of the loop is used up by it. */
export class BareLock implements Awaited {
  #holder: BareHold | undefined = undefined;
  #first: LockWait | undefined = undefined;
  #last: LockWait | undefined = undefined;

  acquire(): Promise<BareHold> {
    const scope = openScope();
    const { task } = scope;
    if (this.#holder !== undefined) return this.#wait(scope) as Promise<BareHold>;
    const hold = (this.#holder = new BareHold(this, task));
    return isDue() ? later(hold) : Promise.resolve(hold);
  }

  #wait(scope: BareScope): Promise<unknown> {
    const { task } = scope;
    if (task !== undefined && task === this.#holder?.task) throw new Error('it is held already');
    const wait = waitIn(scope, new LockWait(this, task));
    wait.before = this.#last;
    if (this.#last === undefined) this.#first = wait;
    else this.#last.after = wait;
    this.#last = wait;
    return wait.promise;
  }

  release(hold: BareHold): void {
    if (this.#holder !== hold) return;
    const next = this.#first;
    this.#holder = undefined;
    if (next === undefined) return;
    this.#leave(next);
    this.#holder = new BareHold(this, next.task);
    if (isDue()) setImmediate(wakeLater, next, this.#holder);
    else next.wake(this.#holder);
  }

  takeBack(wait: BareWait): void {
    if (wait instanceof LockWait) this.#leave(wait);
  }

  #leave(wait: LockWait): void {
    const { before, after } = wait;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}

function wakeLater(wait: LockWait, hold: BareHold): void {
  // Cancelled since: the lock goes to the next.
  if (!wait.wake(hold)) hold[Symbol.dispose]();
}

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}

const SLICE = 10;
const LOOKS = 32;
let start = performance.now();
let left = LOOKS;

/** Whether this turn has lasted for so long that others must have theirs. The clock takes as much as a lock, so not each call reads it. */
function isDue(): boolean {
  left -= 1;
  if (left > 0) return false;
  left = LOOKS;
  const now = performance.now();
  if (now - start < SLICE) return false;
  start = now;
  return true;
}
