// #region save
import { run, sleep } from '@ambit/core';
import { debounce } from '@ambit/core/actions';

const save = debounce(
  async (draft: string) => {
    await sleep(5);
    return `saved: ${draft}`;
  },
  30,
  { maxWait: 1000 },
);

await run(async () => {
  const first = save('H');
  await sleep(10);
  console.log(await Promise.all([first, save('Hello')]));
});
// #endregion save
