// #region event
import { moveOnAfter, run, sleep } from '@ambit/core';
import { Event } from '@ambit/sync';

await run(async (group) => {
  const ready = new Event();
  group.spawn(async () => {
    await ready.wait();
    console.log('the door is open');
  });
  const inTime = await moveOnAfter(10, () => ready.wait().then(() => true));
  console.log(inTime ?? 'not open yet');
  ready.set();
  await sleep(0);
});
// #endregion event
