// #region schedule
import { getRunningLoop, moveOnAfter, run, schedule, sleep } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

const minutes = (): number => getRunningLoop().now() / 60_000;

async function importPrices(): Promise<void> {
  console.log(`minute ${minutes()}: the import begins`);
  // The second one takes longer than its period.
  await sleep(minutes() === 20 ? 14 * 60_000 : 60_000);
  if (minutes() > 35) throw new Error('the file is empty');
}

await run(
  () =>
    moveOnAfter(60 * 60_000, () =>
      schedule({ every: 10 * 60_000 }, importPrices, {
        overlap: 'skip',
        onError: (error) => console.log(`minute ${minutes()}: ${String(error)}`),
      }),
    ),
  { loop: new VirtualLoop() },
);
// #endregion schedule
