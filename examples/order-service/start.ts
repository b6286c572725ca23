// Starts PostgreSQL and Redis from Debian's packages, a price list, and the service, until Ctrl-C.
//
//   apt-get install postgresql redis-server
//   npm run example -- order-service/start
//
// FRAMEWORK=express serves by express. BUG=deadlock, BUG=stuck and BUG=busy have a bug each to look for with `ambit`.
import { fileURLToPath } from 'node:url';
import { Future, run } from '@ambit/core';
import { openProcess } from '@ambit/io';
import { servePrices } from './price-list.ts';
import { withServers } from './servers.ts';

await run((group) =>
  withServers(async ({ postgres, redis }) => {
    const prices = new Future<string>();
    const onListening = (url: string): void => prices.resolve(url);
    group.spawn(() => servePrices({ onListening }), { name: 'prices', daemon: true });
    const env = {
      ...process.env,
      PGPORT: String(postgres),
      REDIS_PORT: String(redis),
      PRICES: await prices.wait(),
    };
    const program = process.env['BUG'] === undefined ? 'main.js' : 'with-bug.js';
    const main = fileURLToPath(new URL(program, import.meta.url));
    // Ctrl-C cancels this; then the service has time to end in its stages, and the servers end after it.
    const options = { env, stdout: 'inherit', stderr: 'inherit', killGrace: 20_000 } as const;
    const service = await openProcess(process.execPath, [main], options);
    await service.wait();
  }),
);
