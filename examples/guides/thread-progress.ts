// #region progress
import { run, taskGroup } from '@ambit/core';
import { events, WorkerPool } from '@ambit/io';
import { MessageChannel } from 'node:worker_threads';

const module = new URL('./progress.worker.js', import.meta.url);

await run(async () => {
  await using pool = new WorkerPool({ size: 1 });
  const { port1: mine, port2: theirs } = new MessageChannel();
  const sum = await taskGroup(async (group) => {
    group.spawn(async () => {
      const messages = events<Event & { readonly data: number }>(mine, 'message');
      for await (const { data } of messages) {
        console.log(`${100 * data} %`);
        if (data === 1) break;
      }
    });
    return pool.run<number>(module, 'sumTo', [1_000_000, theirs], { transfer: [theirs] });
  });
  console.log(sum);
});
// #endregion progress
