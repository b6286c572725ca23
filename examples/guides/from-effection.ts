// #region effection
import { defineResource, run, sleep, taskGroup, use } from '@ambit/core';

const socket = defineResource(async function* (url: string) {
  try {
    yield { url };
  } finally {
    await sleep(1);
    console.log(`${url}: closed`);
  }
});

await run(async () => {
  await use(socket('ws://example'), ({ url }) =>
    taskGroup(async (group) => {
      const beat = group.spawn(async () => {
        for (;;) {
          console.log(`${url}: beat`);
          await sleep(40);
        }
      });
      await sleep(20);
      await beat.stop();
    }),
  );
});
// #endregion effection
