import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { run } from '@ambit/core';
import { channel } from '@ambit/sync';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Warnings of what is dropped while the body runs. */
async function warningsOf(body: () => void, debug: boolean): Promise<string[]> {
  const warnings: string[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
  await run(() => body(), { debug, signals: [] });
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
    collect();
  }
  spy.mockRestore();
  return warnings.toSorted();
}

const dropped = (): void => {
  const [sender, receiver] = channel<number>(1, { name: 'pages' });
  sender.clone().trySend(1);
  receiver.close();
};

test('debug mode warns of a handle that is dropped without being closed', async () => {
  // rule 220
  const warning = 'a sender of the channel "pages" was dropped without being closed; close it';
  expect(await warningsOf(dropped, true)).toEqual([warning, warning]);
});

test('outside of debug mode, and for handles that were closed, there is no warning', async () => {
  expect(await warningsOf(dropped, false)).toEqual([]);
  const closed = (): void => {
    const [sender, receiver] = channel<number>();
    sender.close();
    receiver.close();
  };
  expect(await warningsOf(closed, true)).toEqual([]);
});
