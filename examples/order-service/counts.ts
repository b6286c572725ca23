// Prints what services lose under load and trouble, as a table in Markdown:
//
//   npm run example -- order-service/counts [--runs 10] [--seed 1] [--clients 20] [--ms 1500] [--service fastify …] [--trouble redis …] [--together]
//
// The processor time is that of all that a service does meanwhile, and means something only for a long load without trouble:
// `--trouble none --ms 10000`.
//
// With `--together` each run has all troubles, one after the other.
// It needs Linux, PostgreSQL and Redis. The tenth run of ten has the seed `seed + 9`.
import { parseArgs } from 'node:util';
import { run } from '@ambit/core';
import { count, TROUBLES } from './chaos.ts';
import type { Counts, Trouble } from './chaos.ts';
import type { Program } from './program.ts';
import { withServers } from './servers.ts';

const SERVICES: Record<string, Program> = {
  fastify: { file: 'main.js', framework: 'fastify' },
  express: { file: 'main.js', framework: 'express' },
  'by hand': { file: '../order-service-by-hand/main.js', framework: 'fastify' },
};

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '20' },
    ms: { type: 'string', default: '1500' },
    service: { type: 'string', multiple: true, default: Object.keys(SERVICES) },
    trouble: { type: 'string', multiple: true, default: Object.keys(TROUBLES) },
    together: { type: 'boolean', default: false },
  },
});

const HEADS = ['trouble', 'service', 'accepted', 'lost', 'unfinished', 'refused', 'failed'];
HEADS.push('CPU a request', 'exit codes');
print(HEADS);
print(HEADS.map((_, at) => (at < 2 ? '---' : '--:')));

await run(() =>
  withServers(async (servers) => {
    const troubles = values.trouble as Trouble[];
    for (const each of values.together ? [troubles] : troubles.map((one) => [one])) {
      for (const name of values.service) {
        const program = SERVICES[name];
        if (program === undefined) throw new Error(`there is no service "${name}"`);
        const all: Counts[] = [];
        for (let at = 0; at < Number(values.runs); at += 1) {
          const seed = Number(values.seed) + at;
          const sizes = { clients: Number(values.clients), ms: Number(values.ms), seed };
          all.push(await count(each, { program, servers, ...sizes }));
        }
        print([each.map((trouble) => TROUBLES[trouble]).join(', '), name, ...cellsOf(all)]);
      }
    }
  }),
);

function cellsOf(all: readonly Counts[]): string[] {
  const sum = (pick: (counts: Counts) => number): number =>
    all.reduce((total, counts) => total + pick(counts), 0);
  const { accepted, lost, unfinished, refused, failed } = {
    accepted: sum((each) => each.accepted),
    lost: sum((each) => each.lost),
    unfinished: sum((each) => each.unfinished),
    refused: sum((each) => each.refused),
    failed: sum((each) => each.failed),
  };
  const cpu = `${(sum((each) => each.cpu) / all.length).toFixed(1)} ms`;
  const codes = [...new Set(all.map(({ exit }) => exit))].sort().join(', ');
  return [...[accepted, lost, unfinished, refused, failed].map(String), cpu, codes];
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}
