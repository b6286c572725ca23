// #region effect
import { concurrentMap, retry, run, sleep, timeout } from '@ambit/core';

class NotFound extends Error {
  override readonly name = 'NotFound';
}

async function userOf(id: number): Promise<string> {
  await sleep(5);
  if (id === 13) throw new NotFound(`no user ${id}`);
  return `user ${id}`;
}

await run(async () => {
  const users = await timeout(1000, () =>
    concurrentMap(
      [11, 12, 13],
      async (id) => {
        try {
          return await retry(() => userOf(id), { when: (error) => !(error instanceof NotFound) });
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
          return 'nobody';
        }
      },
      { limit: 2 },
    ),
  );
  console.log(users.join(', '));
});
// #endregion effect
