// #region search
import { run, sleep } from '@ambit/core';
import { Action } from '@ambit/core/actions';

/** What a server answers after a while. */
async function find(text: string): Promise<string> {
  console.log(`asks for ${text}`);
  try {
    return await sleep(20, { value: `results for ${text}` });
  } finally {
    console.log(`done with ${text}`);
  }
}

await run(async () => {
  using search = new Action(find, { mode: 'restartable', delay: 10 });
  search.perform('a'); // nothing is asked: the next key comes within 10 ms
  search.perform('am');
  await sleep(20);
  const task = search.perform('ambit'); // the request for "am" is cancelled
  console.log(await task);
});
// #endregion search
