import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

interface Outcome {
  readonly end: number | string | null;
  readonly lines: string[];
  readonly err: string;
}

/** Runs a scenario of the fixture; sends it a signal when it says that it is ready. */
function program(scenario: string, signal?: NodeJS.Signals): Promise<Outcome> {
  const path = join(__dirname, '../fixtures', 'threads.mjs');
  const child = spawn(process.execPath, [path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    // Once: a second signal ends a program at once.
    if (signal !== undefined && !child.killed && out.includes('ready')) child.kill(signal);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => {
    child.on('close', (code, by) => {
      resolve({ end: code ?? by, lines: out.trimEnd().split('\n'), err });
    });
  });
}

test.each<[string, string, string[]]>([
  ['idle threads do not', 'idle', ['3', '7']],
  ['a call that runs does', 'busy', ['done']],
  ['a call whose thread is starting does', 'starting', ['done']],
  ['a call whose thread exits does', 'dying', ['BrokenWorkerError']],
  ['a call whose thread dies of an exception does', 'uncaught', ['BrokenWorkerError']],
  ['a thread that has yet to be terminated does', 'grace', ['cut short']],
])('keeping the process alive: %s', async (_what, scenario, lines) => {
  expect(await program(scenario)).toEqual({ end: 0, lines, err: '' });
});

test('the end of a run() ends its threads, with time for their cleanup', async () => {
  const outcome = await program('leftInRun');
  expect(outcome).toEqual({ end: 0, lines: ['far: 2'], err: '' });
});

test('what was abandoned ends with the group that owns the pool', async () => {
  expect(await program('abandonedInRun')).toEqual({ end: 0, lines: ['left'], err: '' });
});

test('a signal ends a program whose thread heeds nothing', async () => {
  const outcome = await program('signal', 'SIGTERM');
  expect(outcome).toEqual({ end: 'SIGTERM', lines: ['ready'], err: '' });
});

test('process.exit() ends the threads, as ever', async () => {
  expect((await program('exit')).end).toBe(5);
});

test('a program that only imports the package does not load the module of threads', async () => {
  expect((await program('lazy')).lines).toEqual(['0']);
});

test('the CommonJS build finds what its threads run, and there the two builds are one', async () => {
  expect(await program('commonjs')).toEqual({ end: 0, lines: ['3', 'true'], err: '' });
});

test.each(['module', 'commonjs'])(
  'from a text of type %s, threads run files all the same',
  (type) => {
    const text = `import('@ambit/io').then(async ({ WorkerPool }) => {
    const pool = new WorkerPool({ size: 1 });
    console.log(await pool.run('node:path', 'basename', ['a/b']));
    await pool.run('no-such-module', 'x', []).catch((error) => console.log(error.code));
  });`;
    const program = [`--input-type=${type}`, '-e', text];
    const output = execFileSync(process.execPath, program, { cwd: __dirname, encoding: 'utf8' });
    expect(output).toBe('b\nERR_MODULE_NOT_FOUND\n');
  },
);
