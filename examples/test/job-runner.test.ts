import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(__dirname, '../..');
const program = join(root, 'examples/dist/job-runner.js');

jest.setTimeout(90_000);

beforeAll(() => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

interface Outcome {
  readonly end: number | string | null;
  /** What the jobs printed. */
  readonly lines: string[];
  /** Status by job. */
  readonly table: Record<string, string>;
  readonly err: string;
}

function runJobs(
  jobs: string,
  args: string[] = [],
  whenSaid?: [RegExp, NodeJS.Signals],
): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' });
  child.stdin.end(jobs);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    // Once: a second signal ends the program at once.
    if (!child.killed && whenSaid?.[0].test(out) === true) child.kill(whenSaid[1]);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      const all = out.trimEnd().split('\n');
      const rows = all
        .filter((line) => line.startsWith('│'))
        .map((line) => line.split('│').map((cell) => cell.trim()));
      const table = Object.fromEntries(
        rows.slice(1).map(([, job = '', status = '']) => [job, status] as const),
      );
      const lines = all.filter((line) => !/^[┌├└│]/.test(line));
      done({ end: code ?? signal, lines, table, err });
    });
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function expectEnded(pids: number[]): Promise<void> {
  for (const pid of pids) {
    for (let i = 0; i < 100 && isRunning(pid); i += 1) await sleep(10);
    expect(isRunning(pid)).toBe(false);
  }
}

test('runs the jobs of stdin, each line behind its name, and sums up', async () => {
  const outcome = await runJobs(
    '# three jobs\nhello: echo one; echo two >&2\n\necho other\n  bye: true\n',
  );
  expect(outcome).toMatchObject({
    end: 0,
    table: { hello: 'ok', 'job 2': 'ok', bye: 'ok' },
    err: '',
  });
  expect(outcome.lines.sort()).toEqual(['hello | one', 'hello | two', 'job 2 | other']);
});

test('a job that fails or takes too long lets the others be, and is the exit code', async () => {
  const jobs =
    'bad: exit 3\nkilled: kill -9 $$\nslow: echo $$; sleep 30 & echo $!; wait\ngood: echo fine\n';
  const outcome = await runJobs(jobs, ['--timeout', '400']);
  expect(outcome).toMatchObject({
    end: 1,
    table: { bad: 'exit code 3', killed: 'SIGKILL', slow: 'took more than 400 ms', good: 'ok' },
  });
  const pids = outcome.lines.flatMap((line) => /^slow \| (\d+)$/.exec(line)?.[1] ?? []);
  expect(pids).toHaveLength(2);
  await expectEnded(pids.map(Number));
});

test('has at most --limit jobs at a time, and reads a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
  try {
    const file = join(folder, 'jobs');
    const job = `mkdir ${folder}/at-work && sleep 0.02 && rmdir ${folder}/at-work`;
    writeFileSync(file, `${job}\n`.repeat(5));
    expect((await runJobs('', ['--limit', '1', file])).end).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends every tree, prints what is known, and then the program itself',
  async (signal) => {
    const job = 'echo $$; sleep 30 & echo $!; echo up; wait';
    const outcome = await runJobs(
      `quick: true\none: ${job}\ntwo: ${job}\nlater: true\n`,
      ['--limit', '2'],
      [/(up(.|\n)*){2}/, signal],
    );
    expect(outcome).toMatchObject({
      end: signal,
      table: { quick: 'ok', one: 'stopped', two: 'stopped', later: 'not started' },
      err: '',
    });
    const pids = outcome.lines.flatMap((line) => /\| (\d+)$/.exec(line)?.[1] ?? []);
    expect(pids).toHaveLength(4);
    await expectEnded(pids.map(Number));
  },
);

test.each([[['--limit', '0']], [['--timeout', 'soon']], [['--nonsense']]])(
  'wrong usage %j: exit code 2 and a hint',
  async (args) => {
    const { end, err } = await runJobs('', args);
    expect(end).toBe(2);
    expect(err).toMatch(/^job-runner: .*\n(.*\n)*usage: job-runner/);
  },
);
