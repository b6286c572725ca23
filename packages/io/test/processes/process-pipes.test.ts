import { CancelScope, gather, sleep, taskGroup } from '@ambit/core';
import { spawnSync } from 'node:child_process';
import filesystem, { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { BrokenResourceError, openProcess, runProcess } from '../../src/index.ts';
import { ProcessTree } from '../../src/processes/process-tree.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('a child opens its streams by name', () => {
  test.each([
    ['cat /dev/stdin', 'hello', 'hello', ''],
    ['echo well > /dev/stdout', undefined, 'well\n', ''],
    ['echo oops > /dev/stderr', undefined, '', 'oops\n'],
    ['echo both | tee /dev/stderr', undefined, 'both\n', 'both\n'],
    ['cat /proc/self/fd/0; echo x > /dev/fd/1', 'a', 'ax\n', ''],
    ['sh -c "cat /dev/stdin >&2" 2>&1', 'nested', 'nested', ''],
  ])('%s', async (script, input, stdout, stderr) => {
    const result = await runProcess('sh', ['-c', script], { input });
    expect(result).toMatchObject({ stdout, stderr });
  });

  test('with openProcess, and each of its streams alone', async () => {
    await using child = await openProcess(
      'sh',
      ['-c', 'read line < /dev/stdin; echo "$line" > /dev/stderr'],
      {
        stdout: 'ignore',
      },
    );
    expect(child.stdout).toBeUndefined();
    await child.stdin!.send('line\n');
    expect(Buffer.from((await child.stderr!.receive())!).toString()).toBe('line\n');
    expect(await child.stderr!.receive()).toBeUndefined();
  });
});

test('its input is a blocking one, and ends where ours does', async () => {
  await using child = await openProcess('sh', ['-c', 'cat; echo end']);
  await sleep(20);
  await child.stdin!.send('late ');
  await child.stdin!.sendEof();
  let text = '';
  for await (const bytes of child.stdout!) text += Buffer.from(bytes).toString();
  expect(text).toBe('late end\n');
  await using deaf = await openProcess('sh', ['-c', 'exec 0<&-; echo; sleep 1']);
  await deaf.stdout!.receive();
  await expect(deaf.stdin!.send(Buffer.alloc(100_000))).rejects.toThrow(BrokenResourceError);
});

test('more than a pipe holds goes through, both ways at once', async () => {
  const input = Buffer.alloc(3_000_000, 'abc');
  const { stdout } = await runProcess('cat', [], { input, encoding: 'buffer' });
  expect(stdout.equals(input)).toBe(true);
});

test('many at once, and those that cannot be started, leave no file open', async () => {
  await runProcess('true');
  const before = openFiles();
  const start = (index: number) => (): Promise<unknown> =>
    index % 3 === 0
      ? runProcess('no-such-command').catch(() => undefined)
      : runProcess('cat', [], { input: String(index) });
  await gather(Array.from({ length: 30 }, (_, index) => start(index)));
  await taskGroup(async () => {
    for (let count = 0; count < 3; count += 1) await openProcess('sleep', ['30']);
  });
  // Those that were made ahead are kept for a second.
  const until = performance.now() + 5000;
  while (openFiles() > before && performance.now() < until) await sleep(20);
  expect(openFiles()).toBeLessThanOrEqual(before);
});

test('cancelled before there are pipes, it starts nothing', async () => {
  const before = openFiles();
  const scope = new CancelScope();
  await scope.run(async () => {
    const opening = gather([() => openProcess('sleep', ['30'])]);
    scope.cancel();
    await expect(opening).rejects.toBe(scope.reason);
  });
  const until = performance.now() + 5000;
  while (openFiles() > before && performance.now() < until) await sleep(20);
  expect(openFiles()).toBeLessThanOrEqual(before);
});

test('runs where the program was, with the environment that it had, when it was called', async () => {
  const [home, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'ambit-'))];
  const env: Record<string, string | undefined> = { ...process.env, WHERE: 'before' };
  try {
    process.chdir(folder);
    const opening = runProcess('sh', ['-c', 'pwd; echo $WHERE'], { env });
    process.chdir(home);
    env['WHERE'] = 'after';
    expect((await opening).stdout).toBe(`${realpathSync(folder)}\nbefore\n`);
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  }
});

test('its input can be opened by name when all of it has been written', async () => {
  const script = 'sleep 0.1; cat /dev/stdin; cat /dev/stdin';
  expect((await runProcess('sh', ['-c', script], { input: 'x' })).stdout).toBe('x');
});

describe('one who has left the group and goes on writing', () => {
  const daemon =
    'setsid sh -c "echo \\$\\$; while :; do echo x; sleep 0.005; done" & sleep 0.1; echo hi';

  test.each([
    ['to the output', daemon],
    ['to stderr', daemon.replace('" &', '" 1>&2 &')],
  ])('%s: the call ends soon, with all that the process wrote', async (_where, script) => {
    const started = performance.now();
    const { stdout, stderr } = await runProcess('sh', ['-c', script]);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(stdout).toContain('hi');
    process.kill(-parseInt(stdout.startsWith('hi') ? stderr : stdout), 'SIGKILL');
  });

  test('above maxBuffer: ProcessError', async () => {
    const started = performance.now();
    const error: unknown = await runProcess('sh', ['-c', daemon], { maxBuffer: 20 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      name: 'ProcessError',
      stdout: expect.stringMatching(/^\d+\nx/) as string,
    });
    expect(performance.now() - started).toBeLessThan(3000);
    process.kill(-parseInt((error as { stdout: string }).stdout), 'SIGKILL');
  });
});

describe('a process group whose leader has gone', () => {
  afterEach(() => jest.restoreAllMocks());

  /** The processes that are there, by number; a negative one is a group. */
  function numbers(...there: number[]): jest.SpyInstance {
    return jest.spyOn(process, 'kill').mockImplementation((number) => {
      if (there.includes(number)) return true;
      throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    });
  }

  test('is signalled while the rest of it goes on', () => {
    const kill = numbers(-77);
    const tree = new ProcessTree(77, 'group', () => undefined);
    tree.leaderExited();
    expect(tree.signal('SIGTERM')).toBe(true);
    expect(kill).toHaveBeenLastCalledWith(-77, 'SIGTERM');
    tree.forget();
  });

  test.each(['leaderExited', 'signal', 'forgetIfEmpty'] as const)(
    'is not, once its number is another process’s: %s',
    (how) => {
      const there = [-77];
      const kill = numbers(...there);
      let isOver = false;
      const tree = new ProcessTree(77, 'group', () => (isOver = true));
      if (how !== 'leaderExited') tree.leaderExited();
      kill.mockRestore();
      const later = numbers(77, -77);
      if (how === 'signal') expect(tree.signal('SIGTERM')).toBe(false);
      else tree[how]();
      expect(tree.isAlive).toBe(false);
      expect(isOver).toBe(true);
      expect(later).not.toHaveBeenCalledWith(-77, 'SIGTERM');
    },
  );
});

const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
(hasScript ? test : test.failing)(
  'a child that shares our terminal can open it; one with a group of its own cannot',
  () => {
    const file = join(__dirname, '../fixtures', 'processes.mjs');
    const under = (args: string): string => {
      const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(file)} terminal ${args}`;
      return spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', input: '' })
        .stdout;
    };
    expect([under('').trim(), under('tree').trim()]).toEqual(['opens', 'refused']);
  },
);

test('where no pipes can be made, it has sockets as Node’s own', async () => {
  // What was made ahead is let go.
  await sleep(1100);
  const { openSync } = filesystem;
  const open = jest.spyOn(filesystem, 'openSync').mockImplementation((path, ...rest) => {
    if (String(path).startsWith('/proc/')) throw new Error('EMFILE');
    return openSync(path, ...rest);
  });
  expect(await runProcess('cat', [], { input: 'x' })).toMatchObject({ stdout: 'x', code: 0 });
  open.mockRestore();
});
