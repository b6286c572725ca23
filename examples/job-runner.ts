// Runs shell commands side by side, a few at a time, each with its own limit of time.
//
//   npm run example -- job-runner jobs.txt
//   npm run example -- job-runner --limit 2 --timeout 5000 < jobs.txt
//
// Each line is a job: `name: command`, or a command alone. Empty lines and lines that begin with # are ignored. The output of a job is
// printed line by line behind its name. At the end comes a table.
//
// The exit code is 0 if all jobs succeeded, 1 if a job failed or took too long, and 2 for wrong usage. Ctrl-C ends all jobs and the
// processes that they have started, prints the table, and the process ends by the signal.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import {
  concurrentForEach,
  getRunningLoop,
  isCancelled,
  run,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { bufferedReader, openProcess } from '@ambit/io';
import type { ByteStream } from '@ambit/io';

interface Job {
  readonly name: string;
  readonly command: string;
  status: string;
  ms: number;
}

interface Options {
  readonly file: string | undefined;
  readonly limit: number;
  readonly timeout: number;
}

const options = readOptions();
if (options !== undefined) await run(() => main(options));

async function main({ file, limit, timeout: longest }: Options): Promise<void> {
  const jobs = jobsIn(
    file === undefined ? await text(process.stdin) : await readFile(file, 'utf8'),
  );
  try {
    await concurrentForEach(jobs, (job) => runJob(job, longest), { limit });
  } finally {
    // Also after Ctrl-C, with the results so far.
    console.log(tableOf(jobs));
    if (jobs.some(({ status }) => status !== 'ok')) process.exitCode = 1;
  }
}

async function runJob(job: Job, longest: number): Promise<void> {
  const started = getRunningLoop().now();
  try {
    job.status = await timeout(longest, () => execute(job));
  } catch (error) {
    if (error instanceof TimeoutError) job.status = `took more than ${longest} ms`;
    else if (isCancelled(error)) job.status = 'stopped';
    else job.status = String(error);
    if (isCancelled(error)) throw error;
  } finally {
    job.ms = getRunningLoop().now() - started;
  }
}

/** The group owns the process: it ends after the process and everything that the process started. */
function execute({ name, command }: Job): Promise<string> {
  return taskGroup(async (group) => {
    const child = await openProcess(command, [], { shell: true, stdin: 'ignore' });
    for (const stream of [child.stdout, child.stderr]) {
      group.spawn(() => printLines(name, stream));
    }
    const { code, signal } = await child.wait();
    return code === 0 ? 'ok' : (signal ?? `exit code ${String(code)}`);
  });
}

async function printLines(name: string, stream: ByteStream | undefined): Promise<void> {
  if (stream === undefined) return;
  for await (const line of bufferedReader(stream, { limit: 2 ** 20 }).lines()) {
    console.log(`${name} | ${line}`);
  }
}

function jobsIn(lines: string): Job[] {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, index) => {
      const [, name = `job ${index + 1}`, command = line] = /^([\w-]+):\s+(.+)$/.exec(line) ?? [];
      return { name, command, status: 'not started', ms: 0 };
    });
}

function tableOf(jobs: readonly Job[]): string {
  const table = new Table({ head: ['job', 'status', 'time'], style: { head: [], border: [] } });
  for (const { name, status, ms } of jobs) table.push([name, status, `${Math.round(ms)} ms`]);
  return table.toString();
}

function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        limit: { type: 'string', default: '4' },
        timeout: { type: 'string', default: 'Infinity' },
      },
    });
    const [limit, longest] = [Number(values.limit), Number(values.timeout)];
    if (!(limit >= 1)) throw new TypeError(`--limit ${values.limit}: give a number from 1`);
    if (!(longest >= 0)) throw new TypeError(`--timeout ${values.timeout}: give milliseconds`);
    return { file: positionals[0], limit: Math.floor(limit), timeout: longest };
  } catch (error) {
    console.error(`job-runner: ${(error as Error).message}`);
    console.error('usage: job-runner [--limit <n>] [--timeout <ms>] [file]');
    process.exitCode = 2;
    return undefined;
  }
}
