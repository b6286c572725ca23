import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { run } from '@ambit/core';
import { program } from '../support/program.ts';

describe('an error that nobody has caught', () => {
  test.each(['thrown', 'rejection'])(
    'cancels main; run() rejects with it, and the process prints it and exits with 1 (%s)',
    async (scenario) => {
      const { end, lines, stderr } = await program(scenario);
      expect(lines).toEqual(['ready', 'cleaning up', 'clean', 'rejected: of somebody else']);
      expect(stderr).toMatch(/^Error: of somebody else\n {4}at /);
      expect(stderr.match(/of somebody else/g)).toHaveLength(1);
      expect(stderr).toMatch(`Node.js ${process.version}`);
      expect(end).toBe(1);
    },
  );

  test('is printed once if nobody catches it from run() either', async () => {
    const { end, lines, stderr } = await program('thrownUncaught');
    expect(lines).toEqual(['ready', 'cleaning up', 'clean']);
    expect(stderr.match(/Error: of somebody else/g)).toHaveLength(1);
    expect(end).toBe(1);
  });

  test('may be anything', async () => {
    const { end, stderr } = await program('thrownString');
    expect(stderr).toMatch(/^Uncaught:\n'just a string'/);
    expect(end).toBe(1);
  });

  test('comes out also if main finishes all the same', async () => {
    const { end, lines } = await program('thrownAndFinished');
    expect([lines.at(-1), end]).toEqual(['rejected: of somebody else', 1]);
  });

  test('has what fails in the cleanup attached', async () => {
    const { end, stderr } = await program('thrownAndFailed');
    expect(stderr).toMatch('of somebody else');
    expect(stderr).toMatch('cleanup failed');
    expect(end).toBe(1);
  });

  test('leaves cleanup its time, and no more', async () => {
    const { end, lines, stderr } = await program('thrownAndStuck');
    expect(lines).toEqual(['ready', 'cleaning up']);
    expect(stderr).toMatch('The time for cleanup after an uncaught error, 30 ms, is over.');
    expect(stderr).toMatch('Error: of somebody else');
    expect(end).toBe(1);
  });

  test('is printed and changes nothing when another one, or a signal, came first', async () => {
    const second = await program('thrownTwice');
    expect(second.lines.slice(-2)).toEqual(['clean', 'rejected: of somebody else']);
    expect(second.stderr).toMatch(/Error: the second one[^]*Error: of somebody else/);
    expect(second.end).toBe(1);
    const signalled = await program('thrownAfterSignal', { ready: 'SIGTERM' });
    expect([signalled.lines.at(-1), signalled.end]).toEqual(['clean', 'SIGTERM']);
    expect(signalled.stderr).toMatch('Error: of somebody else');
  });

  test("with uncaught: 'exit' ends the process without cleanup", async () => {
    const { end, lines, stderr } = await program('thrownAndExit');
    expect([lines, end]).toEqual([['ready'], 1]);
    expect(stderr).toMatch('Error: of somebody else');
  });

  test('that the program listens for itself is its own business', async () => {
    const { end, lines } = await program('thrownAndHeard');
    expect([lines, end]).toEqual([['heard: of somebody else', 'resolved: fine'], 0]);
  });

  test('in a thread cleans the thread up, and is told to the main one', async () => {
    const worker = new Worker(join(__dirname, '../fixtures', 'program.mjs'), {
      argv: ['thrown'],
      stdout: true,
    });
    let stdout = '';
    worker.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const error = await new Promise<Error>((resolve) => worker.once('error', resolve));
    expect(error.message).toBe('of somebody else');
    expect(stdout).toMatch('clean\n');
  });
});

test('uncaught is one of two words', async () => {
  const options = { uncaught: 'never' } as never;
  await expect(run(() => 1, options)).rejects.toThrow(
    "run: uncaught is \"never\"; give 'shutdown' or 'exit'",
  );
});
