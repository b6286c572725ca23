// #region keyed
import { gather, run, sleep } from '@ambit/core';
import { KeyedLock } from '@ambit/sync';

const accounts = new KeyedLock<string>();

async function book(account: string, amount: number): Promise<void> {
  await accounts.run(account, async () => {
    await sleep(5);
    console.log(`${account}: ${amount}`);
  });
}

await run(() =>
  gather([() => book('Ann', 1), () => book('Ann', 2), () => book('Bob', 1), () => book('Ann', 3)]),
);
// #endregion keyed
