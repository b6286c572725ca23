// Prints what a service loses under load and trouble:
//
//   node examples/dist/order-service/counts.js [--clients 20] [--ms 1500] [--service main.js …]
import { parseArgs } from 'node:util';
import { run } from '@ambit/core';
import { count, TROUBLES } from './chaos.ts';
import type { Counts } from './chaos.ts';
import { withServers } from './servers.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '20' },
    ms: { type: 'string', default: '1500' },
    service: { type: 'string', multiple: true, default: ['main.js'] },
  },
});

await run(() =>
  withServers(async (ports) => {
    for (const program of values.service) {
      for (const trouble of TROUBLES) {
        const sizes = { clients: Number(values.clients), ms: Number(values.ms) };
        const counts: Counts = await count(trouble, { program, ports, ...sizes });
        console.log(JSON.stringify({ program, trouble, ...counts, cpu: round(counts.cpu) }));
      }
    }
  }),
);

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
