// #region lock
import { gather, run, sleep } from '@ambit/core';
import { Lock } from '@ambit/sync';

let balance = 100;

async function withdraw(amount: number): Promise<void> {
  const before = balance;
  await sleep(5); // another task may run now
  balance = before - amount;
}

await run(async () => {
  await gather([() => withdraw(30), () => withdraw(50)]);
  console.log(`without a lock: ${balance}`);

  balance = 100;
  const account = new Lock({ name: 'account' });
  await gather([() => account.run(() => withdraw(30)), () => account.run(() => withdraw(50))]);
  console.log(`with one: ${balance}`);
});
// #endregion lock
