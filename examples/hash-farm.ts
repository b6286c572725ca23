// Hashes the files of a directory on worker threads, with the output of sha256sum.
//
//   npm run example -- hash-farm ./directory
//   npm run example -- hash-farm --algorithm md5 --threads 2 ./directory
//
// The function that hashes is named by its module and export. Hashing keeps a worker thread busy and not the main thread, so the bar
// moves and Ctrl-C works. It cancels the calls, and each file is closed before the process ends by the signal.
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { concurrentMap, run } from '@ambit/core';
import { WorkerPool } from '@ambit/io';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    algorithm: { type: 'string', default: 'sha256' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const folder = positionals[0] ?? '.';
const module = new URL('./hash-farm/hash.js', import.meta.url);

await run(async () => {
  const paths = await filesIn(folder);
  const size = Number(values.threads);
  // The group of `run` owns it.
  const pool = new WorkerPool({ size });
  const bar = startBar(paths.length);
  try {
    const hash = async (path: string): Promise<string> => {
      const line = await hashOf(pool, path);
      bar.increment();
      return line;
    };
    // One more than there are threads, so that no thread waits for its next file.
    const lines = await concurrentMap(paths, hash, { limit: size + 1 });
    bar.stop();
    for (const line of lines) console.log(line);
  } finally {
    bar.stop();
  }
});

async function hashOf(pool: WorkerPool, path: string): Promise<string> {
  const name = relative(folder, path);
  try {
    return `${await pool.run<string>(module, 'hashFile', [path, values.algorithm])}  ${name}`;
  } catch (error) {
    // One file that cannot be read is no reason to stop: the error from the thread has its code.
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
    process.exitCode = 1;
    return `${name}: ${error.message}`;
  }
}

async function filesIn(where: string): Promise<string[]> {
  const entries = await readdir(where, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function startBar(total: number): SingleBar {
  const bar = new SingleBar(
    {
      format: '{bar} {value} of {total} files',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      // Its signal handlers would keep the signal from ending the process.
      gracefulExit: false,
      // Without a terminal, print a line now and then.
      noTTYOutput: true,
      notTTYSchedule: 500,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}
