import { currentRuntime } from '../scope/current-scope.ts';
import type { Handle } from '../loop/event-loop.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { park } from '../waiting/park.ts';
import type { Waker } from '../waiting/waker.ts';
import { refusalOf } from '../waiting/checkpoint.ts';
import { ownedUntil } from './owned-until.ts';
import { paced } from '../waiting/ready.ts';

/** How a burst of calls becomes few. */
export interface BurstOptions {
  readonly name: string;
  /** Milliseconds: of quiet after the last call, or between two runs. */
  readonly ms: number;
  /** Milliseconds: the longest time from the first call that waits to the run. */
  readonly maxWait: number;
  /** The first call after a quiet time runs at once. */
  readonly leading: boolean;
  /** Calls that come in the time after a run lead to another one. */
  readonly trailing: boolean;
}

type Turn<T> = { readonly is: 'run' } | { readonly is: 'done'; readonly value: T };

/** A call that waits. */
class Pending<T> {
  waker!: Waker<Turn<T>>;
  promise: Promise<T> | undefined;
}

const OVER = 'the group around the call has ended';

/**
 * The calls of a function that comes to run less often than it is called. Each call waits in its own scope; when the time has come the
 * newest of those that still wait runs the function, and the others get its outcome.
 */
export class Burst<T> {
  readonly #options: BurstOptions;
  readonly #pending = new Set<Pending<T>>();
  #timer: Handle | undefined;
  #first = 0;
  #due = 0;
  /** Until then calls belong to the run that was last. */
  #quietUntil = -Infinity;
  #last: Promise<T> | undefined;

  constructor(options: BurstOptions) {
    this.#options = options;
  }

  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** One call; `run` calls the function with its arguments. */
  call(run: () => T | PromiseLike<T>): Promise<T> {
    return refusalOf(this.#options.name) ?? this.#begin(run);
  }

  #begin(run: () => T | PromiseLike<T>): Promise<T> {
    const { loop } = currentRuntime();
    const now = loop.now();
    const isQuiet = now >= this.#quietUntil && !this.isPending;
    if (this.#options.leading && isQuiet) return this.#lead(run, now);
    this.#quietUntil = Math.max(this.#quietUntil, now);
    if (!this.#options.trailing && this.#last !== undefined) return shared(this.#last);
    return this.#wait(run, now);
  }

  /** Ends the waits of all calls. */
  cancel(reason: unknown): void {
    const error = reason ?? new DOMException(`${this.#options.name}: cancelled`, 'AbortError');
    this.#disarm();
    for (const each of [...this.#pending]) {
      this.#pending.delete(each);
      if (each.promise !== undefined) markHandled(each.promise);
      each.waker.fail(error);
    }
  }

  /** Lets the newest call run now. */
  flush(): void {
    this.#fire(currentRuntime().loop.now());
  }

  #lead(run: () => T | PromiseLike<T>, now: number): Promise<T> {
    this.#quietUntil = now + this.#options.ms;
    this.#last = paced(promiseTry(async () => run()));
    return this.#last;
  }

  #wait(run: () => T | PromiseLike<T>, now: number): Promise<T> {
    const { ms, maxWait, leading, name } = this.#options;
    if (!this.isPending) this.#first = now;
    // After a leading run a throttle waits for the rest of its time, also if more calls come.
    const earliest = leading && maxWait === ms ? this.#quietUntil : now + ms;
    this.#due = Math.min(earliest, Math.max(this.#first + maxWait, now));
    const own = new Pending<T>();
    const turn = park<Turn<T>>(
      (waker) => {
        own.waker = waker;
        this.#pending.add(own);
        this.#arm();
        return () => this.#abandon(own);
      },
      { name },
    );
    const disown = ownedUntil(() => {
      this.#abandon(own);
      own.waker.fail(new DOMException(`${name}: ${OVER}`, 'AbortError'));
    });
    own.promise = this.#inTurn(turn, run, disown);
    return own.promise;
  }

  async #inTurn(
    turn: Promise<Turn<T>>,
    run: () => T | PromiseLike<T>,
    disown: () => void,
  ): Promise<T> {
    const found = await turn.finally(disown);
    return found.is === 'done' ? found.value : run();
  }

  #abandon(entry: Pending<T>): void {
    this.#pending.delete(entry);
    // A call of an event handler, which no code awaits: the scope knows that it was cancelled.
    if (entry.promise !== undefined) markHandled(entry.promise);
    if (!this.isPending) this.#disarm();
  }

  readonly #fire = (now: number): void => {
    this.#disarm();
    const newest = [...this.#pending].pop();
    if (newest === undefined) return;
    const others = [...this.#pending].filter((each) => each !== newest);
    this.#pending.clear();
    this.#quietUntil = now + this.#options.ms;
    const { promise } = newest;
    this.#last = promise;
    newest.waker.wake({ is: 'run' });
    for (const { waker, promise: theirs } of others) {
      // The call that runs answers for the error.
      if (theirs !== undefined) markHandled(theirs);
      promise?.then(
        (value) => void waker.wake({ is: 'done', value }),
        (error: unknown) => void waker.fail(error),
      );
    }
  };

  #arm(): void {
    this.#timer?.cancel();
    const { loop } = currentRuntime();
    this.#timer = loop.callAt(this.#due, () => this.#fire(loop.now()));
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** The outcome of a run, for a call that did not lead to it: the call that did answers for its error. */
function shared<T>(run: Promise<T>): Promise<T> {
  const outcome = paced(run);
  markHandled(outcome);
  return outcome;
}
