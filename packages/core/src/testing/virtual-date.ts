import { checkOptions, show } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import { timeOfDay } from '../loop/wall-clock.ts';

/** Options for `VirtualLoop`. */
export interface VirtualLoopOptions {
  /** Whether time moves by itself (default), or by `advance` only. */
  readonly autojump?: boolean | undefined;
  /** The time of day when the loop's clock is 0, for `schedule`. Default: the real one. */
  readonly date?: Date | undefined;
}

export function checkLoopOptions(options: VirtualLoopOptions | undefined): void {
  checkOptions('VirtualLoop', options);
  checkFlag('VirtualLoop', 'autojump', options?.autojump);
}

/** The time of day at which a virtual loop begins, in milliseconds since 1970. */
export function originOf(date: unknown): number {
  if (date === undefined) return timeOfDay();
  const { getTime } = (date ?? {}) as Partial<globalThis.Date>;
  const time = typeof getTime === 'function' ? getTime.call(date) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new TypeError(
    `VirtualLoop: date is ${show(date)}, not a valid Date; give new Date('2026-01-01')`,
  );
}
