import { CancelScope, gather, isCancelled, sleep, timeout, TimeoutError } from '@ambit/core';
import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessError, runProcess } from '../../src/index.ts';
import { hasEnded, isRunning } from '../support/process-probe.ts';

const node = process.execPath;

describe('runProcess', () => {
  test('resolves with how it ended and what it wrote', async () => {
    expect(await runProcess('sh', ['-c', 'echo über; echo no >&2'])).toEqual({
      code: 0,
      signal: null,
      stdout: 'über\n',
      stderr: 'no\n',
    });
  });

  test('gives bytes if asked to', async () => {
    const { stdout, stderr } = await runProcess('printf', ['\\377\\000\\n'], {
      encoding: 'buffer',
    });
    expect([...stdout]).toEqual([255, 0, 10]);
    expect(Buffer.isBuffer(stderr)).toBe(true);
    expect(stderr.length).toBe(0);
  });

  test('gives it its input, text or bytes; without any, an input that is empty', async () => {
    expect((await runProcess('cat', [], { input: 'hé' })).stdout).toBe('hé');
    expect((await runProcess('cat', [], { input: Buffer.from('bytes') })).stdout).toBe('bytes');
    expect((await runProcess('cat', [], { input: '' })).stdout).toBe('');
    expect((await runProcess('cat')).stdout).toBe('');
  });

  test('has no output of a stream that it does not collect', async () => {
    const script = 'echo out; echo err >&2';
    const { stdout, stderr } = await runProcess('sh', ['-c', script], { stderr: 'ignore' });
    expect([stdout, stderr]).toEqual(['out\n', '']);
  });

  // rule 255
  test('reads and writes all streams at once, however much there is', async () => {
    const script = `process.stdin.on('data', (data) => { process.stdout.write(data); process.stderr.write(data); })`;
    const input = Buffer.alloc(3_000_000, 'some text ');
    const { stdout, stderr } = await runProcess(node, ['-e', script], {
      input,
      encoding: 'buffer',
    });
    expect([stdout.equals(input), stderr.equals(input)]).toEqual([true, true]);
  });

  // rule 255
  test('does not mind a process that does not want its input', async () => {
    const input = 'x'.repeat(1_000_000);
    expect(await runProcess('true', [], { input })).toMatchObject({ code: 0 });
    const head = await runProcess('head', ['-c', '3'], { input });
    expect(head).toMatchObject({ code: 0, stdout: 'xxx' });
    // Here nobody reads while it runs, and the pipe breaks under a send that waits.
    const closed = await runProcess('sh', ['-c', 'exec <&-; sleep 0.05; echo still here'], {
      input,
    });
    expect(closed.stdout).toBe('still here\n');
  });

  // rule 255
  test('rejects with all there is to know if it failed', async () => {
    const args = ['-c', 'echo so far; echo what went wrong >&2; exit 3'];
    const error = await runProcess('sh', args).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({
      name: 'ProcessError',
      command: 'sh',
      args,
      code: 3,
      signal: null,
      stdout: 'so far\n',
      stderr: 'what went wrong\n',
      message: `runProcess: sh ${args.join(' ')} ended with exit code 3:\nwhat went wrong`,
    });
    await expect(runProcess('sh', ['-c', 'kill -9 $$'])).rejects.toMatchObject({
      code: null,
      signal: 'SIGKILL',
      message: 'runProcess: sh -c kill -9 $$ was ended by SIGKILL',
    });
    const bytes = runProcess('sh', ['-c', 'printf a; exit 1'], { encoding: 'buffer' });
    await expect(bytes).rejects.toMatchObject({ stdout: Buffer.from('a') });
  });

  test('leaves it to the caller with check: false', async () => {
    const options = { check: false };
    expect(await runProcess('sh', ['-c', 'exit 9'], options)).toMatchObject({ code: 9 });
    const killed = await runProcess('sh', ['-c', 'kill -15 $$'], options);
    expect(killed).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  test('rejects with the errors of starting it, also with check: false', async () => {
    const options = { check: false };
    await expect(runProcess('no-such-command', [], options)).rejects.toMatchObject({
      code: 'ENOENT',
      path: 'no-such-command',
    });
    await expect(runProcess('true', [], { cwd: '/no/such' })).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/no/such',
    });
  });

  test.each<[string, unknown[], RegExp]>([
    ['input that is none', ['cat', [], { input: 5 }], /^runProcess: input is 5; give a string or/],
    ['a check that is no yes or no', ['cat', [], { check: 1 }], /check is 1; give true or false/],
    ['an encoding', ['cat', [], { encoding: 'utf9' }], /encoding is "utf9"; give 'utf8' or/],
    ['a limit', ['cat', [], { maxBuffer: -1 }], /maxBuffer is -1; give a whole number from 0/],
    ['arguments', ['cat', 'file'], /^runProcess: args is "file"; give an array of strings/],
  ])('refuses %s', async (_what, args, message) => {
    const call = runProcess as (...args: unknown[]) => Promise<unknown>;
    await expect(call(...args)).rejects.toThrow(message);
  });
});

describe('more output than maxBuffer', () => {
  test.each(['stdout', 'stderr'] as const)('%s: ends the process and says so', async (name) => {
    const redirect = name === 'stderr' ? '>&2' : '';
    const script = `echo $$ ${redirect}; yes ${redirect}; sleep 30`;
    const error = (await runProcess('sh', ['-c', script], { maxBuffer: 1000 }).catch(
      (reason: unknown) => reason,
    )) as ProcessError;
    expect(error).toBeInstanceOf(ProcessError);
    expect(error.message).toMatch(`wrote more than 1000 bytes to ${name} and was ended; give a`);
    expect(error).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(error[name].length).toBe(1000);
    expect(isRunning(parseInt(String(error[name])))).toBe(false);
  });

  test('is an error with check: false too, and also of a process that has ended', async () => {
    const small = { maxBuffer: 3, check: false };
    await expect(runProcess('echo', ['hello'], small)).rejects.toMatchObject({
      name: 'ProcessError',
      stdout: 'hel',
    });
    expect(await runProcess('echo', ['12'], small)).toMatchObject({ stdout: '12\n' });
    await expect(runProcess('echo', [], { maxBuffer: 0 })).rejects.toThrow(/more than 0 bytes/);
  });

  test('does not keep what it still has to say from ending', async () => {
    const script =
      'trap "head -c 500000 /dev/zero; exit 4" TERM; head -c 5000 /dev/zero; while :; do sleep 0.01; done';
    const error = runProcess('sh', ['-c', script], { maxBuffer: 100 });
    await expect(error).rejects.toMatchObject({ code: 4, signal: null });
  });
});

describe('a cancelled runProcess', () => {
  /** Milliseconds after which a shell has begun, also on a busy machine. */
  const UNDER_WAY = 400;

  /** Runs a script that writes its number and that of a child into a file. */
  async function cancelled(
    script: string,
    cancel: (start: (signal?: AbortSignal) => Promise<unknown>) => Promise<unknown>,
    killGrace = 5000,
  ): Promise<number[]> {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const path = join(folder, 'pids');
    try {
      await cancel((signal) => {
        const line = script.replaceAll('FILE', path);
        return runProcess('sh', ['-c', line], { signal, killGrace });
      });
      return readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const tree = 'sleep 30 & echo $$ $! > FILE; wait';

  // rule 254
  test('ends the whole tree before the cancellation leaves', async () => {
    const pids = await cancelled(tree, async (start) => {
      await expect(timeout(UNDER_WAY, () => start())).rejects.toThrow(TimeoutError);
    });
    expect(pids.map(isRunning)).toEqual([false, false]);
  });

  // rule 254
  test('rejects with the reason of its signal, the tree being ended', async () => {
    const reason = new Error('enough');
    const pids = await cancelled(tree, async (start) => {
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort(reason);
      }, UNDER_WAY);
      await expect(start(controller.signal)).rejects.toBe(reason);
    });
    expect(pids.map(isRunning)).toEqual([false, false]);
  });

  // rule 254
  test('kills what does not heed SIGTERM after killGrace', async () => {
    const script = 'trap "" TERM; echo $$ > FILE; while :; do sleep 0.05; done';
    const started = performance.now();
    const pids = await cancelled(
      script,
      (start) => expect(timeout(UNDER_WAY, () => start())).rejects.toThrow(TimeoutError),
      60,
    );
    expect(performance.now() - started).toBeGreaterThan(UNDER_WAY + 55);
    expect(pids.map(isRunning)).toEqual([false]);
  });

  test('starts nothing if it was cancelled before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const path = join(folder, 'started');
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      const error = await runProcess('touch', [path]).catch((reason: unknown) => reason);
      expect(isCancelled(error)).toBe(true);
    });
    await expect(runProcess('touch', [path], { signal: AbortSignal.abort('no') })).rejects.toBe(
      'no',
    );
    await sleep(30);
    expect(() => rmSync(path)).toThrow('ENOENT');
    rmSync(folder, { recursive: true });
  });

  // rule 254
  test('by a failure beside it is ended as well', async () => {
    const pids = await cancelled(tree, async (start) => {
      const failing = gather([
        () => start(),
        async () => {
          await sleep(UNDER_WAY);
          throw new Error('beside');
        },
      ]);
      await expect(failing).rejects.toThrow('beside');
    });
    expect(pids.map(isRunning)).toEqual([false, false]);
  });
});

describe('what a process leaves behind', () => {
  // rule 256
  test('ends with it, and its output counts', async () => {
    const { stdout } = await runProcess('sh', [
      '-c',
      'trap "" TERM; (trap "echo late; exit" TERM; while :; do sleep 0.01; done) & echo $!; sleep 0.03',
    ]);
    expect(stdout).toMatch(/^\d+\nlate\n$/);
    expect(isRunning(parseInt(stdout))).toBe(false);
  });

  // rule 256
  test('holds nobody up if it has left the group and has the pipe open', async () => {
    const started = performance.now();
    const { stdout } = await runProcess('sh', ['-c', 'setsid sleep 5 & echo $!; sleep 0.05']);
    expect(performance.now() - started).toBeLessThan(2000);
    const pid = parseInt(stdout);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect(await hasEnded(pid)).toBe(true);
  });

  test('goes on with tree: false', async () => {
    const { stdout } = await runProcess('sh', ['-c', 'sleep 5 & echo $!'], { tree: false });
    const pid = parseInt(stdout);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect(await hasEnded(pid)).toBe(true);
  });
});

test('many processes leave no listener on the process behind', async () => {
  const before = process.listenerCount('exit');
  await gather(
    Array.from({ length: 40 }, () => () => runProcess('true')),
    { limit: 8 },
  );
  expect(process.listenerCount('exit')).toBe(before);
});
