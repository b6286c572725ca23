// #region channel
import { run, sleep } from '@ambit/core';
import { channel } from '@ambit/sync';
import type { SendChannel } from '@ambit/sync';

async function measure(sensor: string, readings: SendChannel<string>): Promise<void> {
  using mine = readings; // closed at the end
  for (const value of [1, 2]) {
    await sleep(5);
    await mine.send(`${sensor} ${value}`);
  }
}

await run(async (group) => {
  const [sender, receiver] = channel<string>();
  group.spawn(() => measure('north', sender.clone()));
  group.spawn(() => measure('south', sender.clone()));
  sender.close(); // those that are left are the clones
  for await (const reading of receiver) console.log(reading);
  console.log('no sender is left');
});
// #endregion channel
