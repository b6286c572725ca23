import { counted } from '@ambit/core/lowlevel';
import type { Report } from '../inspect/vital-signs.ts';
import { aliveIn } from './describe.ts';
import { findingsOf } from './findings.ts';
import type { History } from './history.ts';
import type { Paint, Style } from './paint.ts';
import { rowsOf } from './rows.ts';
import type { Order, Row } from './rows.ts';
import { fit, formatMs, plain, sparkline, widthOf, wrap } from './text.ts';

/** What the screen of `ambit top` shows, and how. */
export interface View {
  readonly report: Report;
  readonly history: History;
  readonly order: Order;
  readonly filter: string;
  /** The filter is being typed. */
  readonly isTyping: boolean;
  /** The number of rows that are above the screen. */
  readonly scroll: number;
  /** Milliseconds since the report was made, if it is not replaced by newer ones. */
  readonly frozenFor: number | undefined;
  /** Milliseconds for which the program has not answered, if that is long. */
  readonly silentFor: number | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What was drawn, and how far the rows can be scrolled. */
export interface Frame {
  readonly lines: readonly string[];
  readonly lastScroll: number;
}

const LABEL = 7;
/** How wide the label of a finding is. */
const FINDING = 11;
const MOST_FINDINGS = 4;
const GAUGE = 20;

/** Draws the screen: the program, what is wrong with it, its tree, and the keys. */
export function draw(view: View, size: Size, paint: Paint): Frame {
  const width = Math.max(size.columns, 20);
  const above = [...headOf(view, width, paint), ...alarmsOf(view, width, paint), ''];
  const columns = columnsFor(width);
  const rows = rowsOf(view.report, view);
  const room = Math.max(size.rows - above.length - 2, 1);
  const lastScroll = Math.max(rows.length - room, 0);
  const from = Math.min(view.scroll, lastScroll);
  const shown = rows.slice(from, from + room);
  const tree = shown.map((row) => lineOf(row, columns, paint));
  const filling = Array.from({ length: room - tree.length }, () => '');
  const foot = paint(
    'quiet',
    fit(footOf(view, { from, shown: shown.length, all: rows.length }), width),
  );
  return {
    lines: [...above, paint('head', headingOf(columns)), ...tree, ...filling, foot],
    lastScroll,
  };
}

function headOf(view: View, width: number, paint: Paint): string[] {
  const { report, history } = view;
  const title = `${plain(report.name)}  pid ${String(report.pid)}  up ${formatMs(report.uptime * 1000)}  ${String(Math.round(report.rss / 1e6))} MB`;
  const [style, state] = liveliness(view);
  const room = width - widthOf(state) - 1;
  const most = Math.max(...history.spawned);
  return [
    `${paint('title', fit(title, room))} ${paint(style, state)}`,
    measured({ label: 'loop', text: loopOf(report, width), curve: history.busy }, width, paint),
    measured({ label: 'tasks', text: tasksOf(view), curve: history.spawned, most }, width, paint),
    measured({ label: 'cpu', text: busiestOf(report) }, width, paint),
  ];
}

function loopOf({ utilization, delay }: Report, width: number): string {
  const filled = Math.round(utilization * GAUGE);
  const gauge = width < 70 ? '' : `${'█'.repeat(filled)}${'░'.repeat(GAUGE - filled)} `;
  return `${gauge}${percent(utilization)} busy   late ${formatMs(delay.mean)}, at most ${formatMs(delay.max)}`;
}

function tasksOf({ report, history: { rates } }: View): string {
  const ended = rates.fulfilled + rates.rejected + rates.cancelled;
  return `${String(aliveIn(report))} alive   each second ${rate(rates.spawned)} spawned, ${rate(ended)} ended, ${rate(rates.rejected)} failed, ${rate(rates.cancelled)} cancelled`;
}

function busiestOf({ busiest = [], since }: Report): string {
  const names = busiest.map(({ name, tasks, ms }) => {
    const title = tasks === 1 ? plain(name) : `${plain(name)} × ${String(tasks)}`;
    return `${title} ${percent(ms / since)}`;
  });
  return names.join('   ');
}

function liveliness({ frozenFor, silentFor }: View): [Style, string] {
  if (silentFor !== undefined) return ['alarm', ` no answer for ${formatMs(silentFor)} `];
  if (frozenFor !== undefined) return ['doubtful', `frozen ${formatMs(frozenFor)} ago`];
  return ['good', '● live'];
}

/** A line of figures, with a curve at its end where there is room. */
function measured({ label, text, curve, most = 1 }: Measured, width: number, paint: Paint): string {
  const room = width - LABEL;
  const left = Math.min(room - widthOf(text) - 2, LONGEST_CURVE);
  const columns = curve === undefined || left < SHORTEST_CURVE ? 0 : left;
  const bars = columns === 0 ? '' : sparkline(curve ?? [], columns, most);
  return `${paint('quiet', fit(label, LABEL))}${fit(text, room - columns)}${paint('figure', bars)}`;
}

interface Measured {
  readonly label: string;
  readonly text: string;
  readonly curve?: readonly number[];
  /** The value of a full bar. */
  readonly most?: number;
}

const [SHORTEST_CURVE, LONGEST_CURVE] = [8, 40] as const;

function rate(times: number): string {
  return times === 0 || times >= 100 ? String(Math.round(times)) : times.toFixed(1);
}

function percent(share: number): string {
  return `${String(Math.round(share * 100))} %`;
}

function alarmsOf({ report, silentFor }: View, width: number, paint: Paint): string[] {
  const found = findingsOf(report);
  const lines: string[] = [];
  const add = (style: Style, label: string, text: string): void => {
    const [first = '', ...rest] = wrap(plain(text), width - FINDING - 1).slice(0, 3);
    lines.push(`${paint(style, fit(` ${label}`, FINDING))} ${first}`);
    for (const line of rest) lines.push(`${' '.repeat(FINDING)} ${line}`);
  };
  if (silentFor !== undefined) {
    const text = `The event loop is blocked, or the process is stopped; what is below is old. \`ambit attach ${String(report.pid)}\` shows the code that blocks it`;
    add('alarm', 'NO ANSWER', text);
  }
  for (const { level, label, text } of found.slice(0, MOST_FINDINGS)) {
    add(level === 'bad' ? 'alarm' : 'crowd', label, text);
  }
  const more = found.length - MOST_FINDINGS;
  if (more > 0) lines.push(paint('bad', ` and ${String(more)} more`));
  return lines.length === 0 ? [] : ['', ...lines];
}

/** The columns of the table, as widths; 0: there is no room for it. */
interface Columns {
  readonly name: number;
  readonly state: number;
  readonly age: number;
  readonly cpu: number;
  readonly doing: number;
}

function columnsFor(width: number): Columns {
  const state = width >= 72 ? 11 : 0;
  const age = width >= 48 ? 9 : 0;
  const cpu = width >= 56 ? 7 : 0;
  const rest = width - state - age - cpu - 2;
  const name = Math.min(Math.floor(rest * 0.45), 48);
  return { name, state, age, cpu, doing: rest - name };
}

function headingOf({ name, state, age, cpu, doing }: Columns): string {
  return [
    fit('TASK', name),
    fit(' STATE', state),
    fit('AGE', age, 'right'),
    fit('CPU', cpu, 'right'),
    '  ',
    fit('WAITS FOR', doing),
  ].join('');
}

const LOOKS: readonly (Style | undefined)[] = [undefined, 'doubtful', 'bad', 'bad'];

function lineOf(row: Row, columns: Columns, paint: Paint): string {
  const { name, state, age, cpu, doing } = columns;
  const look = LOOKS[row.urgency] ?? (row.kind === 'task' ? undefined : 'quiet');
  const as = (text: string): string => (look === undefined ? text : paint(look, text));
  const lead = fit(row.lead, Math.min(widthOf(row.lead), Math.max(name - 8, 0)));
  const isBusy = (row.cpu ?? 0) >= 0.3;
  const share = row.cpu === undefined || row.cpu < 0.0005 ? '' : `${(row.cpu * 100).toFixed(1)} %`;
  return [
    paint('quiet', lead),
    as(fit(plain(row.name), name - widthOf(lead))),
    as(fit(` ${row.state}`, state)),
    as(fit(row.age === undefined ? '' : formatMs(row.age), age, 'right')),
    paint(isBusy ? 'bad' : 'figure', fit(share, cpu, 'right')),
    '  ',
    as(fit(plain(row.doing), doing)),
  ].join('');
}

function footOf(
  { report, filter, isTyping, order, frozenFor }: View,
  { from, shown, all }: { readonly from: number; readonly shown: number; readonly all: number },
): string {
  if (isTyping) return `filter: ${filter}▏  Enter keeps it, Esc removes it`;
  const place =
    shown < all ? `   ${String(from + 1)}–${String(from + shown)} of ${String(all)}` : '';
  const more = report.omitted > 0 ? `   not shown: ${counted(report.omitted, 'task')}` : '';
  const kept = filter === '' ? '/ filter' : `/ filter: ${filter}`;
  const freeze = frozenFor === undefined ? 'space freeze' : 'space go on';
  return `q quit   ${freeze}   s sort: ${order}   ${kept}   ↑↓ scroll${place}${more}`;
}
