import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { hasEnded } from '../support/process-probe.ts';

interface Outcome {
  /** The exit code, or the signal that the program died of. */
  readonly end: number | string | null;
  readonly pids: number[];
  readonly out: string;
  readonly err: string;
}

/** Runs a scenario of the fixture; sends it a signal when it says that it is ready. */
function program(scenario: string, signal?: NodeJS.Signals): Promise<Outcome> {
  const path = join(__dirname, '../fixtures', 'processes.mjs');
  const child = spawn(process.execPath, [path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    // Once: a second signal ends a program at once.
    if (signal !== undefined && !child.killed && out.includes('ready')) child.kill(signal);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => {
    child.on('exit', (code, by) => {
      child.stdout.destroy();
      child.stderr.destroy();
      const pids = [
        ...(out
          .match(/^\d+( \d+)*$/gm)
          ?.join(' ')
          .split(' ') ?? []),
      ].map(Number);
      resolve({ end: code ?? by, pids, out, err });
    });
  });
}

async function expectNoOrphans({ pids }: Outcome, count = 2): Promise<void> {
  expect(pids).toHaveLength(count);
  for (const pid of pids) expect(await hasEnded(pid)).toBe(true);
}

// rule 254
describe('no process is orphaned, nor its children, that heed no signal', () => {
  test.each([
    ['calls process.exit()', 'exit', 3],
    ['calls process.exit() inside run()', 'exitInRun', 3],
    ['dies of an uncaught exception', 'uncaught', 1],
    ['dies of an unhandled rejection', 'unhandled', 1],
    ['fails', 'throws', 4],
    ['returns', 'returns', 0],
  ])('when the parent %s', async (_how, scenario, end) => {
    const outcome = await program(scenario);
    expect(outcome.end).toBe(end);
    await expectNoOrphans(outcome);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'when the parent gets %s, which run() turns into a cancellation',
    async (signal) => {
      const outcome = await program('signal', signal);
      expect(outcome.end).toBe(signal);
      await expectNoOrphans(outcome);
    },
  );

  test('when the parent gets a signal in the middle of runProcess()', async () => {
    const outcome = await program('runProcess', 'SIGINT');
    expect(outcome.end).toBe('SIGINT');
    await expectNoOrphans(outcome);
  });
});

test('a process that nobody owns is waited for, as by Node, and then nothing is left of it', async () => {
  const outcome = await program('unowned');
  expect([outcome.end, outcome.err]).toEqual([0, '']);
  expect(outcome.out).toMatch(/hooks: 0\n$/);
  await expectNoOrphans(outcome, 1);
});

test('the exit of the parent is watched only while there are processes, once for all', async () => {
  const outcome = await program('hooks');
  expect(outcome.out).toMatch(/hooks: 0 1 0\n$/);
  await expectNoOrphans(outcome, 4);
});
