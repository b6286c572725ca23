import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { sleepUntil } from '../waiting/sleep.ts';
import type { Task } from '../tasks/task.ts';
import type { ActionMode, ActionOptions } from './action-options.ts';

/** One call of an action. */
export interface Call {
  task: Task<unknown> | undefined;
  /** `timed`: its delay or throttle is not over; `waiting`: others run; `running`: its function was called. */
  state: 'timed' | 'waiting' | 'running' | 'ended';
}

/** Which call of an action begins when: no call knows of the others. */
export class Turns {
  readonly #mode: ActionMode;
  readonly #limit: number;
  readonly #delay: number;
  readonly #throttle: number;
  readonly #name: string;
  /** Oldest first. */
  readonly #calls = new Set<Call>();
  readonly #line = new ParkingLot<void, Call>();
  #running = 0;
  /** By the throttle, the earliest instant at which a call may begin. */
  #next = -Infinity;

  constructor(options: ActionOptions, name: string) {
    this.#mode = options.mode ?? 'parallel';
    this.#limit = options.limit ?? (this.#mode === 'parallel' ? Infinity : 1);
    this.#delay = Math.max(options.delay ?? 0, 0);
    this.#throttle = Math.max(options.throttle ?? 0, 0);
    this.#name = name;
  }

  /** How many calls have not ended. */
  get size(): number {
    return this.#calls.size;
  }

  /** A new call, which cancels those that it supersedes; undefined if it is dropped. */
  join(): Call | undefined {
    if (this.#mode === 'drop' && this.#isFull) return undefined;
    this.#supersede('timed');
    if (this.#mode === 'restartable') this.#makeRoom();
    const call: Call = { task: undefined, state: 'timed' };
    this.#calls.add(call);
    return call;
  }

  /** Takes the call's turn if it has come, and may be called again later; false: it has to wait by {@link Turns.wait}. */
  take(call: Call): boolean {
    if (this.#delay > 0 || currentRuntime().loop.now() < this.#next || this.#isFull) return false;
    this.#begin(call);
    return true;
  }

  /** Waits in the call's scope for its turn. A checkpoint. */
  async wait(call: Call, scope: CancelScope): Promise<void> {
    const { loop } = currentRuntime();
    const instant = Math.max(loop.now() + this.#delay, this.#next);
    if (instant > loop.now()) await sleepUntil(instant);
    // Its delay was over in the tick in which it was superseded.
    scope.throwIfCancelled();
    if (!this.#isFull) {
      this.#begin(call);
      return;
    }
    if (this.#mode === 'drop') scope.cancel('another call runs');
    if (this.#mode === 'keepLatest') this.#supersede('waiting');
    call.state = 'waiting';
    await this.#line.park({ name: `the turn of ${this.#name}`, data: call });
  }

  /** The call has ended. */
  leave(call: Call): void {
    if (!this.#calls.delete(call)) return;
    if (call.state === 'running') this.#running -= 1;
    call.state = 'ended';
    for (let next = this.#line.head; next !== undefined && !this.#isFull; next = this.#line.head) {
      if (next.wake()) this.#begin(next.data);
    }
  }

  cancel(reason: unknown): void {
    for (const { task } of [...this.#calls]) task?.cancel(reason);
  }

  get #isFull(): boolean {
    return this.#running >= this.#limit;
  }

  #begin(call: Call): void {
    call.state = 'running';
    this.#running += 1;
    if (this.#throttle > 0) this.#next = currentRuntime().loop.now() + this.#throttle;
  }

  #supersede(state: Call['state']): void {
    for (const call of [...this.#calls]) {
      if (call.state === state) call.task?.cancel('a newer call');
    }
  }

  /** What is cancelled may take its time to end: the newest call does not wait for it. */
  #makeRoom(): void {
    for (const call of [...this.#calls]) {
      if (!this.#isFull) return;
      if (call.state !== 'running') continue;
      call.state = 'ended';
      this.#running -= 1;
      call.task?.cancel('a newer call');
    }
  }
}
