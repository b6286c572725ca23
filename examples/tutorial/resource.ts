// #region resource
import { defineResource, run, sleep, use } from '@ambit/core';

const connection = defineResource(async function* (name: string) {
  await sleep(5);
  console.log(`${name}: open`);
  try {
    yield { query: (text: string) => sleep(5, { value: `${name} answers ${text}` }) };
  } finally {
    await sleep(5); // cleanup may wait: it is shielded
    console.log(`${name}: closed`);
  }
});

await run(async () => {
  const answer = await use(connection('db'), (db) => db.query('select 1'));
  console.log(answer);
});
// #endregion resource
