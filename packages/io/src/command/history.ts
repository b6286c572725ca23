import type { Report } from '../inspect/vital-signs.ts';

/** What a program does in a second. */
export interface Rates {
  readonly spawned: number;
  readonly fulfilled: number;
  readonly rejected: number;
  readonly cancelled: number;
}

const NONE: Rates = { spawned: 0, fulfilled: 0, rejected: 0, cancelled: 0 };
/** How many reports are remembered. */
const LONGEST = 120;

/** The last reports of a program, as far as they are drawn. */
export class History {
  readonly busy: number[] = [];
  readonly late: number[] = [];
  readonly spawned: number[] = [];
  /** Of the last two reports. */
  rates: Rates = NONE;
  #last: Report | undefined;

  get last(): Report | undefined {
    return this.#last;
  }

  add(report: Report): void {
    this.rates = ratesOf(this.#last, report);
    this.#last = report;
    keep(this.busy, report.utilization);
    keep(this.late, report.delay.max);
    keep(this.spawned, this.rates.spawned);
  }
}

function ratesOf(before: Report | undefined, now: Report): Rates {
  const seconds = now.uptime - (before?.uptime ?? 0);
  if (before === undefined || seconds <= 0) return NONE;
  const rate = (key: keyof Rates): number => (now.counts[key] - before.counts[key]) / seconds;
  return {
    spawned: rate('spawned'),
    fulfilled: rate('fulfilled'),
    rejected: rate('rejected'),
    cancelled: rate('cancelled'),
  };
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > LONGEST) values.shift();
}
