// Measures how the service scales over cores, and prints it as a table in Markdown:
//
//   npm run example -- order-cluster/counts [--rounds 3] [--ms 4000] [--clients 16] [--processes 1 --processes 2] [--reuse-port]
//
// It needs Linux, PostgreSQL and Redis. Everything runs on this machine, so the table also says which part takes which share of it.
import { parseArgs } from 'node:util';
import { run } from '@ambit/core';
import { withServers } from '../order-service/servers.ts';
import { measure } from './measure.ts';
import type { Figures } from './measure.ts';
import type { Part } from './processor-time.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ms: { type: 'string', default: '4000' },
    clients: { type: 'string', default: '16' },
    processes: { type: 'string', multiple: true, default: ['1', '2'] },
    'reuse-port': { type: 'boolean', default: false },
  },
});

const SHARES: readonly Part[] = ['service', 'primary', 'PostgreSQL', 'Redis', 'prices', 'load'];
const HEADS = ['requests', 'processes', 'a second', 'median', '99 %', 'refused', ...SHARES];
HEADS.push('CPU of the service', 'CPU of all but the load');
const KINDS = { order: 'place an order', read: 'read an order' } as const;

const all = new Map<string, Figures[]>();
await run(() =>
  withServers(async (servers) => {
    // In turn, so that a machine that grows slow is slow for all of them.
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const processes of values.processes) {
        const { clients, ms } = values;
        const isReusing = values['reuse-port'];
        const figures = await measure(servers, { processes, clients, ms, isReusing });
        for (const kind of ['order', 'read'] as const) {
          const key = `${KINDS[kind]} | ${processes}`;
          all.set(key, [...(all.get(key) ?? []), figures[kind]]);
        }
      }
    }
  }),
);

print(HEADS);
print(HEADS.map((_, at) => (at === 0 ? '---' : '--:')));
for (const kind of Object.values(KINDS)) {
  for (const [key, figures] of all) {
    if (key.startsWith(kind)) print([key, ...cellsOf(figures)]);
  }
}

/** The median of the rounds, and in parentheses the least and the most where that matters. */
function cellsOf(figures: readonly Figures[]): string[] {
  const each = (pick: (one: Figures) => number): number[] =>
    figures.map(pick).sort((a, b) => a - b);
  const median = (pick: (one: Figures) => number): number =>
    each(pick)[figures.length >> 1] ?? Number.NaN;
  const range = (pick: (one: Figures) => number, digits: number): string => {
    const sorted = each(pick).map((value) => value.toFixed(digits));
    return `${median(pick).toFixed(digits)} (${sorted[0]}–${sorted.at(-1)})`;
  };
  return [
    range(({ perSecond }) => perSecond, 0),
    `${median((one) => one.median).toFixed(1)} ms`,
    `${range(({ p99 }) => p99, 0)} ms`,
    String(figures.reduce((sum, { failed }) => sum + failed, 0)),
    ...SHARES.map(
      (part) => `${median(({ shares }) => 100 * (shares.get(part) ?? 0)).toFixed(0)} %`,
    ),
    `${range(({ shares, perSecond }) => (1000 * (shares.get('service') ?? 0)) / perSecond, 2)} ms`,
    `${range(({ cpu }) => cpu, 2)} ms`,
  ];
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}
