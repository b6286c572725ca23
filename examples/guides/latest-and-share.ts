// #region latest
import { gather, run, sleep } from '@ambit/core';
import { latest, share } from '@ambit/core/iter';

async function* positions() {
  for (let at = 0; at < 5; at += 1) {
    yield at;
    await sleep(20);
  }
}

await run(async () => {
  const shared = share(positions());
  const all: number[] = [];
  const drawn: number[] = [];
  await gather([
    async () => {
      for await (const position of shared) all.push(position);
    },
    async () => {
      for await (const position of latest(shared)) {
        drawn.push(position);
        await sleep(50); // drawing is slow
      }
    },
  ]);
  console.log(all, drawn.length < all.length);
});
// #endregion latest
