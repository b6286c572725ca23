// An order service with three bugs to look for: `node examples/dist/guides/stuck-shop.js deadlock`, or `stuck`, or `busy`.
import { run, sleep, timeout } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import { serveInspector } from '@ambit/io/inspect';
import { Lock } from '@ambit/sync';

const [bug = 'deadlock'] = process.argv.slice(2);
const stock = new Lock({ name: 'stock' });
const till = new Lock({ name: 'till' });

async function order(): Promise<void> {
  await stock.run(async () => {
    await sleep(20);
    await till.run(() => sleep(5));
  });
}

/** Takes the same locks in the other order. */
async function refund(): Promise<void> {
  await till.run(async () => {
    await sleep(20);
    await stock.run(() => sleep(5));
  });
}

/** The mail server has lost the request, and its client takes no signal. */
function sendMail(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 600_000));
}

/** Computes for ten minutes, without a checkpoint. */
function sumUp(): void {
  const end = performance.now() + 600_000;
  while (performance.now() < end);
}

function openShop(group: TaskGroup): void {
  if (bug === 'deadlock') {
    group.spawn(order, { name: 'order 17' });
    group.spawn(refund, { name: 'refund 4' });
    for (let at = 18; at < 30; at += 1) group.spawn(order, { name: `order ${at}` });
  } else if (bug === 'stuck') {
    group.spawn(() => timeout(300, sendMail), { name: 'mail to Ada' });
  } else {
    group.spawn(() => sleep(2000).then(sumUp), { name: 'report' });
  }
}

// #region inspector
await run(async (group) => {
  group.spawn(() => serveInspector({ name: 'shop' }), { name: 'inspector', daemon: true });
  openShop(group);
  await serveHttp((_request, response) => response.end('open\n'), { port: 0, host: '127.0.0.1' });
});
// #endregion inspector
