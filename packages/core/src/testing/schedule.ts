import { ambient } from '../loop/ambient.ts';
import type { Handle } from '../loop/event-loop.ts';
import type { Timer } from '../loop/timer-heap.ts';
import type { Timers } from '../loop/timers.ts';
import { callSafely } from '../internal/report-later.ts';
import type { Waiter } from '../waiting/waiter.ts';
import { isCrashed } from './crashed.ts';
import { currentTaskName, describeTimer, describeWait } from './happening.ts';

/** Something that can happen next. */
export interface Choice {
  /** What, for people to read. */
  text(): string;
  /** The scope of the wait that resumes. */
  readonly scope?: object | undefined;
  run(): void;
}

/** Decides what happens next: the index of one of the choices. The first is what happens usually. */
export type Choose = (choices: readonly Choice[], usual: number) => number;

/** The loop that a schedule belongs to. */
interface ScheduledLoop {
  now(): number;
  readonly _timers: Timers;
  _touch(): void;
  _moveTo(instant: number): void;
}

export interface ScheduleOptions {
  readonly choose: Choose;
  /** What could happen at any step in addition, but does not usually: a cancellation, for example. */
  readonly extras?: (() => readonly Choice[]) | undefined;
  /** `'free'`: time may pass also while something is ready, as on a slow machine. */
  readonly clock?: 'quiet' | 'free' | undefined;
}

/**
 * Lets one thing happen at a time on a virtual loop: of all that is ready, one is chosen; then everything
 * that follows from it runs; then one is chosen of what is ready by then.
 *
 * What can be chosen, as on the real loop: first the waits that were woken; if there are none, the
 * callbacks of the next turn; if there are none of those either, the timers that are due. A callback or a
 * timer that wakes one wait is one step together with it: as two they would square the number of orders
 * and show nothing new.
 *
 * A wait, a callback or a timer that was passed over is put behind all that were not. This does not change
 * which orders there are, but which of them is usual after a deviation: one deviation then means "this one
 * comes late", not "this one comes one step later", so bugs need fewer deviations.
 */
export class Schedule {
  readonly #loop: ScheduledLoop;
  readonly #options: ScheduleOptions;
  #woken: Choice[] = [];
  #turns: Choice[] = [];
  /** While a callback or a timer runs: the waits that it wakes. */
  #collected: Choice[] | undefined;
  /** What was passed over: below 0, the last one lowest. */
  readonly #ranks = new WeakMap<object, number>();
  #lowest = 0;

  constructor(loop: ScheduledLoop, options: ScheduleOptions) {
    this.#loop = loop;
    this.#options = options;
  }

  /** For `Runtime.deliver`: the wait resumes when it is chosen. */
  readonly deliver = (settle: () => void, waiter: object): void => {
    const { scope } = waiter as Waiter<unknown>;
    const choice = { text: () => describeWait(waiter as Waiter<unknown>), scope, run: settle };
    (this.#collected ?? this.#woken).push(choice);
    this.#loop._touch();
  };

  callNext(callback: () => void): Handle {
    const restore = ambient.snapshot();
    const name = currentTaskName();
    const turn: Choice = {
      text: () => `the next turn of ${name}`,
      run: () => {
        callSafely(restore, callback);
      },
    };
    this.#turns.push(turn);
    this.#loop._touch();
    return {
      when: this.#loop.now(),
      cancel: () => {
        this.#turns = this.#turns.filter((each) => each !== turn);
      },
    };
  }

  /** Lets one thing happen; returns false if nothing is ready. */
  step(): boolean {
    const sources = this.#sources();
    if (sources.length === 0) return false;
    const usual = sources.map(({ choice }) => choice);
    const { choose, extras } = this.#options;
    const choices = [...usual, ...(extras?.() ?? []), ...this.#passingTime()];
    const at = choose(choices, usual.length);
    // A cancellation, or time that passes, passes nothing over.
    if (at < usual.length) for (const { source } of sources.slice(0, at)) this.#demote(source);
    choices[at]?.run();
    return true;
  }

  #sources(): { readonly source: object; readonly choice: Choice }[] {
    this.#woken = this.#woken.filter(({ scope }) => !isCrashed(scope));
    if (this.#woken.length > 0) return this.#inLine(this.#woken, this.#resume);
    if (this.#turns.length > 0) return this.#inLine(this.#turns, this.#turn);
    const now = this.#loop.now();
    return this.#ranked(this.#loop._timers.dueAt(now)).map((timer) => ({
      source: timer,
      choice: this.#expiry(timer, now),
    }));
  }

  #inLine(
    line: readonly Choice[],
    run: (choice: Choice) => void,
  ): { readonly source: object; readonly choice: Choice }[] {
    return this.#ranked(line).map((source) => ({
      source,
      choice: {
        text: () => source.text(),
        run: () => {
          run(source);
        },
      },
    }));
  }

  #ranked<T extends object>(line: readonly T[]): T[] {
    return [...line].sort((a, b) => this.#rankOf(b) - this.#rankOf(a));
  }

  #rankOf(source: object): number {
    return this.#ranks.get(source) ?? 0;
  }

  #demote(source: object): void {
    this.#lowest -= 1;
    this.#ranks.set(source, this.#lowest);
  }

  readonly #resume = (woken: Choice): void => {
    this.#woken = this.#woken.filter((each) => each !== woken);
    woken.run();
  };

  readonly #turn = (turn: Choice): void => {
    this.#turns = this.#turns.filter((each) => each !== turn);
    this.#together(() => {
      turn.run();
    });
  };

  #expiry(timer: Timer, instant: number): Choice {
    return {
      text: () => `${describeTimer(timer)} at ${String(instant)} ms`,
      run: () => {
        this.#loop._moveTo(instant);
        this.#together(() => {
          this.#loop._timers.expire(timer);
        });
      },
    };
  }

  /** Where time may pass while something is ready: the next timer. */
  #passingTime(): Choice[] {
    const next = this.#loop._timers.earliest;
    if (this.#options.clock !== 'free' || next === Infinity || next <= this.#loop.now()) return [];
    const [timer] = this.#loop._timers.dueAt(next);
    return timer === undefined ? [] : [this.#expiry(timer, next)];
  }

  /** If one wait is woken it resumes at once, else each of them is a choice of its own. */
  #together(body: () => void): void {
    const collected: Choice[] = [];
    this.#collected = collected;
    try {
      body();
    } finally {
      this.#collected = undefined;
    }
    const [first] = collected;
    if (collected.length === 1) first?.run();
    else this.#woken.push(...collected);
  }
}
