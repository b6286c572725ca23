import { spawn } from 'node:child_process';
import { join } from 'node:path';

interface Outcome {
  /** The exit code, or the signal that the process died of. */
  readonly end: number | string | null;
  readonly lines: string[];
  readonly stderr: string;
}

/** Runs a scenario of the fixture; sends it a signal when it first says one of these lines. */
function program(scenario: string, signals: Record<string, NodeJS.Signals> = {}): Promise<Outcome> {
  const path = join(__dirname, 'fixtures', 'program.mjs');
  const child = spawn(process.execPath, [path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  const toSend = new Map(Object.entries(signals));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const line of text.split('\n')) {
      const signal = toSend.get(line);
      if (signal !== undefined) child.kill(signal);
      toSend.delete(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ end: code ?? signal, lines: stdout.trimEnd().split('\n'), stderr });
    });
  });
}

describe('the first signal', () => {
  // rule 239
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s cancels main; after the cleanup the process dies of that signal',
    async (signal) => {
      const { end, lines, stderr } = await program('cleanup', { ready: signal });
      expect(lines).toEqual(['ready', 'cleaning up', 'clean']);
      expect(end).toBe(signal);
      expect(stderr).toBe('');
    },
  );

  // rule 239
  test('reaches children and daemons', async () => {
    const { end, lines } = await program('children', { ready: 'SIGTERM' });
    expect(lines.sort()).toEqual(['clean', 'cleaning up', 'daemon ends', 'ready']);
    expect(end).toBe('SIGTERM');
  });

  // rule 239
  test('leaves a main that finishes all the same its value', async () => {
    const { end, lines } = await program('value', { ready: 'SIGINT' });
    expect(lines.at(-1)).toBe('resolved: a value all the same');
    expect(end).toBe(0);
  });

  test('with exitOnSignal: false makes run() reject with the CancelledError', async () => {
    const { end, lines } = await program('reject', { ready: 'SIGTERM' });
    expect(lines.slice(0, 3)).toEqual(['ready', 'cleaning up', 'clean']);
    expect(lines.slice(3)).toEqual(['rejected: shutdown SIGTERM', 'lives on']);
    expect(end).toBe(0);
  });

  test('makes a failure of the cleanup come out', async () => {
    const { end, lines } = await program('failure', { ready: 'SIGINT' });
    expect(lines.at(-1)).toBe('rejected: cleanup failed');
    expect(end).toBe(0);
  });

  test('ends two runs side by side', async () => {
    const { end, lines } = await program('two', { ready: 'SIGINT' });
    expect(lines.filter((line) => line === 'clean').length).toBe(2);
    expect(end).toBe('SIGINT');
  });

  // rule 241
  test('beside a listener of somebody else ends with the exit code that says the same', async () => {
    const { end, lines } = await program('theirs', { ready: 'SIGINT' });
    expect(lines).toEqual(['ready', 'their listener', 'cleaning up', 'clean']);
    expect(end).toBe(130);
  });

  test('that run() was not told to handle ends the process as ever', async () => {
    const [none, other] = [
      await program('none', { ready: 'SIGINT' }),
      await program('hangUp', { ready: 'SIGINT' }),
    ];
    expect([none.lines, none.end]).toEqual([['ready'], 'SIGINT']);
    expect([other.lines, other.end]).toEqual([['ready'], 'SIGINT']);
    const { end, lines } = await program('hangUp', { ready: 'SIGHUP' });
    expect([lines.at(-1), end]).toEqual(['clean', 'SIGHUP']);
  });
});

describe('the second signal', () => {
  // rule 239
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the process at once with %d', async (signal, code) => {
    const { end, lines } = await program('stuck', { ready: 'SIGINT', 'cleaning up': signal });
    expect(lines).toEqual(['ready', 'cleaning up']);
    expect(end).toBe(code);
  });
});

describe('the time for cleanup', () => {
  test.each(['grace', 'graceAndReject'])(
    'over, the task tree is printed and the process ends with 128+n (%s)',
    async (scenario) => {
      const { end, lines, stderr } = await program(scenario, { ready: 'SIGTERM' });
      expect(lines).toEqual(['ready', 'cleaning up']);
      expect(end).toBe(143);
      expect(stderr).toMatch('The time for cleanup after SIGTERM, 30 ms, is over.');
      expect(stderr).toMatch(/task main: cancelling.*\n.*waits for sleep for ever/);
    },
  );

  test('not used up, holds nobody up', async () => {
    const { end, lines } = await program('inTime', { ready: 'SIGTERM' });
    expect([lines.at(-1), end]).toEqual(['clean', 'SIGTERM']);
  });
});

test('the signal given as dumpOn prints the task tree, and the program goes on', async () => {
  const { end, lines, stderr } = await program('dump', { ready: 'SIGUSR2' });
  expect(stderr).toMatch(/^SIGUSR2:\nrun/);
  expect(stderr).toMatch(/task listener: running.*waits for sleep for ever/);
  expect(lines.at(-1)).toBe('resolved: undefined');
  expect(end).toBe(0);
});

describe('a loop that runs dry while the program has not ended', () => {
  test('is a deadlock: the task tree and exit code 13', async () => {
    const { end, lines, stderr } = await program('deadlock');
    expect(lines).toEqual(['']);
    expect(stderr).toMatch('Deadlock: nothing is left that could wake the program');
    expect(stderr).toMatch(/task stuck one: running.*waits for sleep for ever/);
    expect(end).toBe(13);
  });

  test('is one in every mode, and whatever is waited for', async () => {
    const { end, stderr } = await program('foreignDeadlock');
    expect(stderr).toMatch(/Deadlock.*\n(.*\n)*.*task main: running/);
    expect(end).toBe(13);
  });
});
