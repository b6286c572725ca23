import Table from 'cli-table3';
import type { Crawl, FollowedLink } from './crawl.ts';
import type { Options, Show } from './options.ts';
import { hasAnchor } from './page.ts';
import type { Site } from './site.ts';

interface Row {
  readonly page: string;
  readonly link: string;
  readonly status: 'ok' | 'broken' | 'skipped' | 'unchecked';
  readonly reason: string;
  /** Milliseconds; null if the address was not requested. */
  readonly ms: number | null;
}

export interface Report {
  readonly pages: number;
  readonly counts: Readonly<Record<Row['status'], number>>;
  /** What cut the crawl short, `deadline` or a signal; null: nothing did. */
  readonly stopped: string | null;
  readonly links: readonly Row[];
}

/** Of what is known at this moment. */
export function makeReport(site: Site, crawl: Crawl, stopped: string | null): Report {
  const links = crawl.links
    .map((link) => rowOf(site, link))
    // Where the crawl began is of interest only if it went wrong there.
    .filter(({ page, status }) => page !== start || status !== 'ok');
  const counts = { ok: 0, broken: 0, skipped: 0, unchecked: 0 };
  for (const { status } of links) counts[status] += 1;
  return { pages: crawl.pageCount, counts, stopped, links };
}

const start = '(start)';

function rowOf(site: Site, { page, link, fragment, target }: FollowedLink): Row {
  const where = {
    page: page === undefined ? start : site.nameOf(new URL(page)),
    link: page === undefined ? site.nameOf(new URL(link)) : link,
  };
  if (target.state !== 'fulfilled') {
    return { ...where, status: 'unchecked', reason: 'not asked in time', ms: null };
  }
  const { status, reason, ms, anchors } = target.result();
  if (status === 'ok' && anchors !== undefined && !hasAnchor(anchors, fragment)) {
    return { ...where, status: 'broken', reason: `no ${fragment} there`, ms };
  }
  return { ...where, status, reason, ms: status === 'skipped' ? null : ms };
}

export function exitCodeFor({ counts }: Report): number {
  return counts.broken + counts.unchecked > 0 ? 1 : 0;
}

/** On stdout; resolves when it has been written. */
export function printReport(report: Report, { json, show }: Options): Promise<void> {
  const text = json ? JSON.stringify(report, null, 2) : tableOf(report, show) + sumUp(report);
  return new Promise((resolve, reject) => {
    const written = (error?: NodeJS.ErrnoException | null): void => {
      // A reader may close the output early, as in `npm start | head`.
      if (error == null || error.code === 'EPIPE') resolve();
      else reject(error);
    };
    process.stdout.once('error', written);
    process.stdout.write(`${text}\n`, written);
  });
}

function tableOf({ links }: Report, show: Show): string {
  const broken = links.filter(({ status }) => status === 'broken');
  const others = links.filter(({ status }) => status !== 'broken');
  // Broken links come last, where the reader looks when the program has ended.
  const rows = { broken, pages: [...perPage(others), ...broken], all: [...others, ...broken] }[
    show
  ];
  if (rows.length === 0) return '';
  const table = new Table({ head: ['page', 'link', 'status', 'reason', 'time'], style });
  for (const { page, link, status, reason, ms } of rows) {
    table.push([page, shorten(link), status, reason, ms === null ? '' : `${ms} ms`]);
  }
  return `${table.toString()}\n`;
}

// Colour only on a terminal.
const style = { compact: true, ...(process.stdout.isTTY ? {} : { head: [], border: [] }) };

/** One row for all links of a page with the same outcome; its time is that of the slowest. */
function perPage(rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row & { size: number }>();
  for (const row of rows) {
    const key = `${row.status} ${row.page}`;
    const { size, ms } = groups.get(key) ?? { size: 0, ms: null };
    const slowest = row.ms === null ? ms : Math.max(row.ms, ms ?? 0);
    const reason = row.status === 'ok' ? '' : row.reason;
    groups.set(key, { ...row, reason, ms: slowest, size: size + 1 });
  }
  return [...groups.values()].map(({ size, ...row }) => ({ ...row, link: count(size, 'link') }));
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function shorten(text: string): string {
  return text.length <= 70 ? text : `${text.slice(0, 34)}…${text.slice(-35)}`;
}

function sumUp({ pages, counts, stopped, links }: Report): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  const summary = parts.map(([status, count]) => `${count} ${status}`).join(', ');
  const found = `${count(links.length, 'link')} on ${count(pages, 'page')}: ${summary || 'none'}`;
  if (stopped === null) return found;
  return `Stopped ${stopped === 'deadline' ? 'at the deadline' : `by ${stopped}`}. ${found}`;
}
