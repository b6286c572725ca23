// Prints the end of a file, and then each line that is added to it, as `tail -F` does.
//
//   npm run example -- tail [-n lines] file
//
// A file that becomes shorter is read from its beginning again. If another file takes its place (a rotated log), it is read after the
// end of the old one. Ctrl-C cancels the wait for the next change, and the task group of the program closes the file and the watch on
// its directory.
import { run } from '@ambit/core';
import { bufferedReader, fromWritable } from '@ambit/io';
import { parseArgs } from 'node:util';
import { Follower } from './tail/follower.ts';

const { values, positionals } = parseArgs({
  options: { lines: { type: 'string', short: 'n', default: '10' } },
  allowPositionals: true,
});
const [path] = positionals;
const count = Number(values.lines);
if (path === undefined || positionals.length > 1 || !(count >= 0)) {
  console.error('usage: tail [-n lines] file');
  process.exit(2);
}

await run(() => tail(path, count)).catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  // The reader of the output has closed it: `tail log | head`.
  if (code === 'EPIPE') return;
  console.error(`tail: ${message}`);
  process.exitCode = 1;
});

async function tail(file: string, lines: number): Promise<void> {
  const out = fromWritable(process.stdout);
  const follower = new Follower(file);
  await follower.open(lines);
  for await (const line of bufferedReader(follower, { limit: Infinity }).lines())
    await out.send(`${line}\n`);
}
