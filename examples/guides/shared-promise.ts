// #region shared-promise
import { moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { memoize, Once } from '@ambit/sync';

let connects = 0;
let questions = 0;

const connection = new Once<string>();

async function connect(): Promise<string> {
  connects += 1;
  await sleep(50);
  return `connection ${connects}`;
}

const userOf = memoize(
  async (id: number) => {
    questions += 1;
    const by = await connection.get(connect);
    await sleep(10);
    return `user ${id} by ${by}`;
  },
  { max: 1000, ttl: 60_000 },
);

await run(
  async () => {
    await taskGroup((group) => {
      // The first caller gives up while it makes the connection for all.
      group.spawn(() => moveOnAfter(20, () => userOf(1)));
      for (let at = 0; at < 3; at += 1) group.spawn(async () => console.log(await userOf(1)));
    });
    console.log(await userOf(2));
    console.log(`${questions} questions`);
  },
  { loop: new VirtualLoop() },
);
// #endregion shared-promise
