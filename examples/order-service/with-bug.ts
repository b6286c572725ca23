// The service with a bug, as libraries and colleagues bring them: BUG=deadlock, stuck or busy. Look for it with `ambit`.
import { sleep } from '@ambit/core';
import { WorkerPool } from '@ambit/io';
import { Lock } from '@ambit/sync';
import { Jobs } from './jobs.ts';

const bugs: Record<string, () => void> = {
  /** Invoices take two locks, and each second one takes them the other way round. */
  deadlock: () => {
    const printer = new Lock({ name: 'printer' });
    const ledger = new Lock({ name: 'ledger' });
    const pool: { run: (...args: never[]) => Promise<unknown> } = WorkerPool.prototype;
    const { run } = pool;
    let count = 0;
    pool.run = function (...args) {
      const [first, second] = (count += 1) % 2 === 0 ? [printer, ledger] : [ledger, printer];
      return first.run(async () => {
        await sleep(200);
        return second.run(() => run.apply(this, args));
      });
    };
  },

  /** A client that takes no signal has lost the reply, and nothing limits the wait. */
  stuck: () => {
    Jobs.prototype.add = () => new Promise(() => undefined);
  },

  /** A request computes for ten minutes. */
  busy: () => {
    Jobs.prototype.add = function sumUp() {
      const end = performance.now() + 600_000;
      while (performance.now() < end);
      return Promise.reject(new Error('too late'));
    };
  },
};

const { BUG = '' } = process.env;
const plant = bugs[BUG];
if (plant === undefined)
  throw new Error(`BUG is "${BUG}"; make it ${Object.keys(bugs).join(', ')}`);
plant();
await import('./main.ts');
