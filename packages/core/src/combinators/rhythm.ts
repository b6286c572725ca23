import { show } from '../internal/check.ts';
import { messageOf } from '../internal/errors.ts';
import { wallClockOf } from '../loop/wall-clock.ts';
import type { EventLoop } from '../loop/event-loop.ts';

/** When something is to happen, again and again, by a clock of its own. */
export interface Rhythm {
  /** What its instants are of, in milliseconds. */
  now(): number;
  /** The first instant after another one; undefined: there is none. */
  after(instant: number): number | undefined;
  /** Milliseconds after which to look at the clock again: it may be set meanwhile. */
  readonly longestWait: number;
  /** An instant as the wall clock has it. */
  dateOf(instant: number): Date;
}

/** One period after the other, counted from now: no tick is later than the one before by more than a period. */
export function everyPeriod(loop: EventLoop, period: number): Rhythm {
  const start = loop.now();
  const wall = wallClockOf(loop);
  return {
    now: () => loop.now(),
    longestWait: Infinity,
    after: (instant) => {
      const count = Math.floor((instant - start) / period) + 1;
      const next = start + count * period;
      // Where the product is rounded, that is the instant itself.
      return next > instant ? next : start + (count + 1) * period;
    },
    dateOf: (instant) => wall.dateAt(wall.now() + instant - loop.now()),
  };
}

/** The multiples of a period since 1970, by the wall clock: the same on all nodes. */
export function everyMultiple(loop: EventLoop, period: number): Rhythm {
  const wall = wallClockOf(loop);
  return {
    now: () => wall.now(),
    longestWait: wall.isSteady ? Infinity : LONGEST_WAIT,
    after: (instant) => (Math.floor(instant / period) + 1) * period,
    dateOf: (instant) => wall.dateAt(instant),
  };
}

// Milliseconds: the wall clock may be set, or the machine may sleep, while an instant is waited for.
const LONGEST_WAIT = 60_000;

/** What is used of croner's class. */
interface CronClass {
  new (
    pattern: string,
    options: { readonly paused: true; readonly timezone?: string | undefined },
  ): Cron;
}

interface Cron {
  nextRun(after: Date): Date | null;
}

/** By a cron expression, on the wall clock. */
export async function byCron(loop: EventLoop, pattern: string, timezone?: string): Promise<Rhythm> {
  const Cron = await loadCroner();
  const cron = expressionOf(Cron, pattern, timezone);
  const wall = wallClockOf(loop);
  return {
    now: () => wall.now(),
    longestWait: wall.isSteady ? Infinity : LONGEST_WAIT,
    after: (instant) => cron.nextRun(wall.dateAt(instant))?.getTime(),
    dateOf: (instant) => wall.dateAt(instant),
  };
}

function expressionOf(Cron: CronClass, pattern: string, timezone?: string): Cron {
  try {
    return new Cron(pattern, { paused: true, ...(timezone !== undefined && { timezone }) });
  } catch (cause) {
    throw new TypeError(
      `schedule: when is ${show(pattern)}, which is no cron expression (${messageOf(cause)}); give one, as '0 3 * * *' for 3 o'clock each day`,
      { cause },
    );
  }
}

// Not a literal in the import: bundlers would look for it in programs that do not use it.
const LIBRARY = 'croner';

async function loadCroner(): Promise<CronClass> {
  try {
    const { Cron } = (await import(LIBRARY)) as { readonly Cron: CronClass };
    return Cron;
  } catch (cause) {
    throw new Error(
      'schedule: cron expressions are read by the package "croner", which cannot be loaded; add it to your dependencies, ' +
        'or give { every: milliseconds }',
      { cause },
    );
  }
}
