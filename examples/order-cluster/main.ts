// The order service on several cores: workers of node:cluster, each with the whole service, of which one sweeps.
//
//   npm run example -- order-cluster      with PGPORT, REDIS_PORT, PRICES and PORT in its environment, as order-service
//
// PROCESSES is the number of workers; with REUSE_PORT=1 the system distributes the connections instead of this process (Node 22.12).
// SIGTERM ends the workers and then this process; SIGTERM to a worker ends that one, and another begins in its place.
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { run, supervise } from '@ambit/core';
import { runWorker } from './run-worker.ts';

const { PROCESSES = String(availableParallelism()) } = process.env;

// #region main
cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)) });
cluster.once('message', (_worker, { port }: { readonly port: number }) => {
  console.log(`http://127.0.0.1:${port}`);
});
await run(
  (group) => {
    for (let at = 1; at <= Number(PROCESSES); at += 1) {
      const again = { restart: 'always', delay: 100, maxDelay: 5000, resetAfter: 10_000 } as const;
      group.spawn(() => supervise(runWorker, again), { name: `worker ${at}` });
    }
  },
  { drain: 20_000, grace: 5000 },
);
// #endregion main
