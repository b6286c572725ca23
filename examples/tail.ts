// The end of a file, and then what is added to it, line by line, as `tail -F` does.
//
//   node examples/dist/tail.js [-n lines] file
//
// A file that is cut short is read from its beginning again; one that is put in its place (a log that is rotated) is
// read once the old one has been read to its end. Ctrl-C ends it: the wait for the next change is cancelled, and the
// file and the watch on its folder are closed with the program's task group.
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
  // Whoever read what we print has seen enough: `tail log | head`.
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
