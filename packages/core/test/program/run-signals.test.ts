import { program } from '../support/program.ts';

describe('the first signal', () => {
  // rule 239
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
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

describe('a SIGHUP', () => {
  test.each(['hangUpHeard', 'hangUpHeardLater'])(
    'that the program listens for itself is its own business (%s)',
    async (scenario) => {
      const signals = { ready: 'SIGHUP', 'reads its configuration': 'SIGTERM' } as const;
      const { end, lines } = await program(scenario, signals);
      expect(lines).toEqual(['ready', 'reads its configuration', 'cleaning up', 'clean']);
      expect(end).toBe('SIGTERM');
    },
  );
});

describe('listeners for the exit of the process', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('are called after the cleanup, before the process dies of %s', async (name, code) => {
    const { end, lines } = await program('exitListeners', { ready: name });
    expect(lines).toEqual(['ready', 'cleaning up', 'clean', `exit ${String(code)}`]);
    expect(end).toBe(name);
  });

  test('are called when the end of the grace ends it', async () => {
    const second = await program('exitListenersAndGrace', { ready: 'SIGINT' });
    expect([second.lines.at(-1), second.end]).toEqual(['exit 130', 130]);
  });

  test('may exit with a code of their own', async () => {
    expect((await program('exitListenerExits', { ready: 'SIGINT' })).end).toBe(3);
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
      expect(stderr).toMatch(/task main: cancelling.*\n.*waits for sleep forever/);
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
  expect(stderr).toMatch(/task listener: running.*waits for sleep forever/);
  expect(lines.at(-1)).toBe('resolved: undefined');
  expect(end).toBe(0);
});

test('of a large tree the dump has a thousand lines, and then the deadlocks', async () => {
  const { stderr } = await program('dumpMany', { ready: 'SIGUSR2' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.length).toBe(1003);
  expect(lines.at(-2)).toMatch(/^… and 10\d\d more tasks and groups$/);
  expect(lines.at(-1)).toMatch(/^Deadlock: "eater 0" waits for fork 0/);
});

describe('a loop that runs dry while the program has not ended', () => {
  test('is a deadlock: the task tree and exit code 13', async () => {
    const { end, lines, stderr } = await program('deadlock');
    expect(lines).toEqual(['']);
    expect(stderr).toMatch('Deadlock: nothing is left that could wake the program');
    expect(stderr).toMatch(/task stuck one: running.*waits for sleep forever/);
    expect(end).toBe(13);
  });

  test('is one in every mode, and whatever is waited for', async () => {
    const { end, stderr } = await program('foreignDeadlock');
    expect(stderr).toMatch(/Deadlock.*\n(.*\n)*.*task main: running/);
    expect(end).toBe(13);
  });

  test('is none if a listener finds something more to do, and that ends it well', async () => {
    const { end, lines, stderr } = await program('wokenBeforeExit');
    expect([lines, stderr, end]).toEqual([['resolved: woken'], '', 0]);
  });

  test('is one if what a listener found to do was in vain', async () => {
    const { end, lines, stderr } = await program('wokenInVain');
    expect([lines, end]).toEqual([['woken'], 13]);
    expect(stderr.match(/Deadlock/g)).toHaveLength(1);
  });

  test('is none if the process is told to exit', async () => {
    const { end, stderr } = await program('exitsItself');
    expect([stderr, end]).toEqual(['', 0]);
  });
});

describe('with drain, the first signal', () => {
  test('drains: a main that ends by itself has its value', async () => {
    const { end, lines } = await program('drained', { ready: 'SIGTERM' });
    expect(lines).toEqual(['ready', 'draining: SIGTERM', 'resolved: in peace']);
    expect(end).toBe(0);
  });

  test('cancels once the time is over', async () => {
    const { end, lines } = await program('drainedInVain', { ready: 'SIGTERM' });
    const after = ['cleaning up', 'clean', 'rejected: shutdown SIGTERM'];
    expect(lines).toEqual(['ready', 'draining', ...after]);
    expect(end).toBe(0);
  });

  test('is followed by the second, which ends the process at once', async () => {
    const { end, lines } = await program('drainedForEver', {
      ready: 'SIGTERM',
      draining: 'SIGTERM',
    });
    expect(lines).toEqual(['ready', 'draining']);
    expect(end).toBe(143);
  });
});
