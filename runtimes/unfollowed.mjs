// A program in a worker that did not go through unplugin-ambit: posts what it is warned of.
import { sleep, timeout } from '@ambit/core';

const warnings = [];
console.warn = (text) => warnings.push(text);

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

await sleep(1);
await timeout(1000, async ({ signal }) => {
  await turn();
  await sleep(1, { signal });
});
const before = warnings.length;
for (let round = 0; round < 2; round += 1) {
  await timeout(1000, async () => {
    await turn();
    await sleep(1);
  });
}
globalThis.postMessage([before, ...warnings]);
