// #region files
import { join } from 'node:path';
import { run, taskGroup } from '@ambit/core';
import { readLines, temporaryDirectory, writeFile } from '@ambit/io';

await run(async () => {
  await taskGroup(async () => {
    const { path } = await temporaryDirectory();
    const notes = join(path, 'notes.txt');
    await writeFile(notes, 'milk\ntea\n', { atomic: true });
    for await (const line of readLines(notes)) console.log(`- ${line}`);
  });
  console.log('the directory is gone');
});
// #endregion files
