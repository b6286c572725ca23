// #region stdin-lines
import { run } from '@ambit/core';
import { bufferedReader, fromReadable } from '@ambit/io';

await run(async () => {
  const input = bufferedReader(fromReadable(process.stdin));
  let count = 0;
  for await (const line of input.lines()) {
    count += 1;
    console.log(`${count}: ${line}`);
  }
});
// #endregion stdin-lines
