import type { Report } from '../inspect/vital-signs.ts';
import { aliveIn } from './describe.ts';
import { findingsOf } from './findings.ts';
import type { Finding } from './findings.ts';
import { History } from './history.ts';
import type { Rates } from './history.ts';
import { rowsOf } from './rows.ts';
import type { Row } from './rows.ts';

/** What the page of `ambit web` shows of one report. */
export interface PageState {
  readonly name: string;
  readonly pid: number;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly rss: number;
  readonly utilization: number;
  readonly delay: Report['delay'];
  readonly alive: number;
  readonly rates: Rates;
  readonly busiest: readonly {
    readonly name: string;
    readonly tasks: number;
    readonly share: number;
  }[];
  readonly findings: readonly Finding[];
  readonly rows: readonly Omit<Row, 'lead'>[];
  readonly omitted: number;
}

/** Makes what the page shows from one report after the other, by the same rules as the screen of `ambit top`. */
export class PageModel {
  readonly #history = new History();

  next(report: Report): PageState {
    this.#history.add(report);
    const { name, pid, uptime, rss, utilization, delay, omitted, busiest = [], since } = report;
    const rows = rowsOf(report, { order: 'spawned', filter: '' });
    return {
      ...{ name, pid, uptime, rss, utilization, delay, omitted },
      alive: aliveIn(report),
      rates: this.#history.rates,
      busiest: busiest.map(({ name: title, tasks, ms }) => ({
        name: title,
        tasks,
        share: ms / since,
      })),
      findings: findingsOf(report),
      rows: rows.map(({ lead: _, ...row }) => row),
    };
  }
}
