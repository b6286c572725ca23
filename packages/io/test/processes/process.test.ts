import { CancelScope, moveOnAfter, sleep, taskGroup, timeout, TimeoutError } from '@ambit/core';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BusyResourceError, openProcess } from '../../src/index.ts';
import type { Process } from '../../src/index.ts';
import type { ByteStream } from '../../src/index.ts';
import { isRunning } from '../support/process-probe.ts';

async function textOf(stream: ByteStream | undefined): Promise<string> {
  let text = '';
  for await (const bytes of stream!) text += Buffer.from(bytes).toString();
  return text;
}

/** The first line it says. */
async function firstLine(stream: ByteStream | undefined): Promise<string> {
  let text = '';
  while (!text.includes('\n')) {
    const bytes = await stream!.receive();
    if (bytes === undefined) break;
    text += Buffer.from(bytes).toString();
  }
  return text.trimEnd();
}

const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';

describe('openProcess', () => {
  test('gives the streams and the number of a process, and how it ended', async () => {
    await using child = await openProcess('sh', ['-c', 'cat; echo oops >&2; exit 3']);
    expect(isRunning(child.pid)).toBe(true);
    await child.stdin!.send('hello');
    await child.stdin!.sendEof();
    expect(await textOf(child.stdout)).toBe('hello');
    expect(await textOf(child.stderr)).toBe('oops\n');
    expect(await child.wait()).toEqual({ code: 3, signal: null });
  });

  test('has no stream where it was told to inherit or to ignore', async () => {
    await using child = await openProcess('true', [], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'ignore',
    });
    expect([child.stdin, child.stdout, child.stderr]).toEqual([undefined, undefined, undefined]);
    expect(await child.wait()).toEqual({ code: 0, signal: null });
  });

  test('runs it in a folder, by path or URL, with an environment, and in a shell if asked to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    try {
      for (const cwd of [folder, pathToFileURL(folder)]) {
        await using child = await openProcess('pwd', [], { cwd });
        expect((await textOf(child.stdout)).trim()).toContain(folder);
      }
      await using child = await openProcess('echo $WHO | tr a-z A-Z', [], {
        shell: true,
        env: { ...process.env, WHO: 'you', NOBODY: undefined },
      });
      expect(await textOf(child.stdout)).toBe('YOU\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('of a command that is not there rejects with the ENOENT that names it', async () => {
    await expect(openProcess('no-such-command', ['a'])).rejects.toMatchObject({
      code: 'ENOENT',
      path: 'no-such-command',
      message: 'spawn no-such-command ENOENT',
    });
  });

  test('of a whole command line says where its arguments go', async () => {
    await expect(openProcess('ls -l', [])).rejects.toMatchObject({
      code: 'ENOENT',
      path: 'ls -l',
      message: 'ENOENT: there is no command "ls -l"; give its arguments in an array of their own',
    });
  });

  test('in a folder that is not there, or is none, blames the folder and not the command', async () => {
    for (const cwd of [null, 5]) {
      await expect(openProcess('true', [], { cwd: cwd as never })).rejects.toThrow(
        `cwd is ${String(cwd)}; give a path or a file URL`,
      );
    }
    await expect(openProcess('true', [], { cwd: '/no/such/folder' })).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/no/such/folder',
      message: expect.stringMatching(/cannot run true in \/no\/such\/folder/) as string,
    });
    await expect(openProcess('true', [], { cwd: __filename })).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTDIR|ENOENT/) as string,
      path: __filename,
    });
    // The folder is there, so it is the command that is not.
    await expect(openProcess('no-such', [], { cwd: tmpdir() })).rejects.toMatchObject({
      path: 'no-such',
    });
  });

  test('of a file that is no program rejects with EACCES', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const path = join(folder, 'data');
    writeFileSync(path, 'no program', { mode: 0o644 });
    try {
      await expect(openProcess(path)).rejects.toMatchObject({ code: 'EACCES', path });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each<[string, unknown[], RegExp]>([
    ['no command', [''], /command is ""/],
    ['a NUL in the command', ['a\0b'], /command is "a\\u0000b", with a NUL/],
    ['arguments that are no array', ['ls', 'a b'], /args is "a b"; give an array/],
    ['an argument that is no string', ['ls', ['-l', 5]], /args\[1\] is 5; give a string/],
    ['a NUL in an argument', ['ls', ['a', 'b\0']], /args\[1\] is "b\\u0000", with a NUL/],
    ['a NUL in the folder', ['ls', [], { cwd: '\0' }], /cwd is .* NUL/],
    [
      'a folder that is no path',
      ['ls', [], { cwd: {} }],
      /cwd is an object \(Object\); give a path/,
    ],
    ['a NUL in the environment', ['ls', [], { env: { A: 'b\0' } }], /env\.A is .* NUL/],
    ['an environment that is none', ['ls', [], { env: 'A=b' }], /env is "A=b"; give an object/],
    ['a stream it does not know', ['ls', [], { stdin: 'pip' }], /stdin is "pip"; give 'pipe' or/],
    ['a negative time', ['ls', [], { killGrace: -1 }], /killGrace is -1; give milliseconds/],
    ['a shell that is none', ['ls', [], { shell: 1 }], /shell is 1; give true or false/],
    ['a tree that is no yes or no', ['ls', [], { tree: 'yes' }], /tree is "yes"; give true/],
    ['options that are none', ['ls', [], 7], /options is 7; give an object/],
    [
      'a signal that is none',
      ['ls', [], { signal: {} }],
      /signal is an object \(Object\), not an AbortSig/,
    ],
  ])('refuses %s', async (_what, args, message) => {
    const call = openProcess as (...args: unknown[]) => Promise<Process>;
    await expect(call(...args)).rejects.toThrow(message);
  });

  test('in a cancelled scope, or with an aborted signal, starts nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const path = join(folder, 'started');
    const scope = new CancelScope();
    scope.cancel();
    expect(await scope.run(() => openProcess('touch', [path]))).toBeUndefined();
    const reason = new Error('not wanted');
    const signal = AbortSignal.abort(reason);
    await expect(openProcess('touch', [path], { signal })).rejects.toBe(reason);
    await sleep(30);
    expect(() => rmSync(path)).toThrow('ENOENT');
    rmSync(folder, { recursive: true });
  });
});

describe('wait', () => {
  // rule 256
  test('answers all who ask, while it runs and afterwards, each time', async () => {
    await using child = await openProcess('sh', ['-c', 'read line; kill -9 $$']);
    const three = [child.wait(), child.wait(), child.wait()];
    await child.stdin!.send('\n');
    const end = { code: null, signal: 'SIGKILL' };
    expect(await Promise.all([...three])).toEqual([end, end, end]);
    expect(await child.wait()).toEqual(end);
  });

  // rule 256
  test('that is cancelled loses nothing for the others, nor for a later one', async () => {
    await using child = await openProcess('sh', ['-c', 'read line; exit 7']);
    const other = child.wait();
    expect(await moveOnAfter(10, () => child.wait())).toBeUndefined();
    const controller = new AbortController();
    const third = child.wait({ signal: controller.signal });
    controller.abort('enough');
    await expect(third).rejects.toBe('enough');
    await child.stdin!.send('\n');
    expect(await other).toEqual({ code: 7, signal: null });
    expect(await child.wait()).toEqual({ code: 7, signal: null });
  });

  // rule 256
  test('resolves on the exit though a grandchild holds the output open', async () => {
    await using child = await openProcess('sh', ['-c', 'sleep 30 & echo $!']);
    expect(await child.wait()).toEqual({ code: 0, signal: null });
    const grandchild = Number(await firstLine(child.stdout));
    expect(isRunning(grandchild)).toBe(true);
    await child[Symbol.asyncDispose]();
    expect(isRunning(grandchild)).toBe(false);
  });

  test('is a checkpoint, also of a process that has ended', async () => {
    await using child = await openProcess('true');
    await child.wait();
    const scope = new CancelScope();
    scope.cancel();
    await expect(scope.run(() => child.wait())).resolves.toBeUndefined();
    await expect(child.wait({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
    await expect(child.wait(5 as never)).rejects.toThrow('wait: options is 5');
  });
});

describe('output', () => {
  test('that nobody has read when it ends is still there', async () => {
    await using child = await openProcess('sh', ['-c', 'echo out; echo err >&2']);
    await child.wait();
    await sleep(30);
    expect(await textOf(child.stdout)).toBe('out\n');
    expect(await textOf(child.stderr)).toBe('err\n');
  });

  test('is held back by the pipe while nobody reads', async () => {
    await using child = await openProcess('sh', ['-c', 'head -c 2000000 /dev/zero; echo done >&2']);
    expect(await moveOnAfter(50, () => child.wait())).toBeUndefined();
    expect((await textOf(child.stdout)).length).toBe(2_000_000);
    expect(await child.wait()).toEqual({ code: 0, signal: null });
  });

  // rule 257
  test('is read by one at a time', async () => {
    await using child = await openProcess('cat');
    const first = child.stdout!.receive();
    await expect(child.stdout!.receive()).rejects.toThrow(BusyResourceError);
    await expect(child.stdout!.receive()).rejects.toThrow(
      new RegExp(`stdout of cat \\(process ${child.pid}\\)`),
    );
    await child.stdin!.send('x');
    expect(String(await first)).toBe('x');
  });
});

describe('kill', () => {
  test('tells whether there was somebody to get the signal', async () => {
    await using child = await openProcess('sleep', ['30']);
    expect(child.kill('SIGTERM')).toBe(true);
    expect(await child.wait()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(child.kill('SIGTERM')).toBe(false);
    expect(child.terminate()).toBe(false);
  });

  test('reaches the whole group; without a tree, the process alone', async () => {
    const script = 'sleep 30 & echo $!; wait';
    await using grouped = await openProcess('sh', ['-c', script]);
    const inGroup = Number(await firstLine(grouped.stdout));
    grouped.terminate();
    await grouped.wait();
    await expect(grouped[Symbol.asyncDispose]()).resolves.toBeUndefined();
    expect(isRunning(inGroup)).toBe(false);

    await using alone = await openProcess('sh', ['-c', script], { tree: false });
    const left = Number(await firstLine(alone.stdout));
    await alone[Symbol.asyncDispose]();
    expect(isRunning(alone.pid)).toBe(false);
    expect(isRunning(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });

  test('says that a signal is unknown', async () => {
    await using child = await openProcess('sleep', ['30']);
    expect(() => child.kill('SIGNONSENSE' as never)).toThrow('SIGNONSENSE');
  });
});

describe('the end of the group around', () => {
  // rule 254
  test('ends what it opened, and closes its streams', async () => {
    let child: Process | undefined;
    await taskGroup(async () => {
      child = await openProcess('cat');
    });
    expect(isRunning(child!.pid)).toBe(false);
    expect(await child!.wait()).toEqual({ code: null, signal: 'SIGTERM' });
    for (const stream of [child!.stdout, child!.stderr]) {
      await expect(stream!.receive()).rejects.toMatchObject({ name: 'ClosedResourceError' });
    }
    await expect(child!.stdin!.send('x')).rejects.toMatchObject({ name: 'ClosedResourceError' });
  });

  // rule 254
  test('kills what does not heed SIGTERM, once killGrace is over, and not before', async () => {
    let child: Process | undefined;
    let started = 0;
    await taskGroup(async () => {
      child = await openProcess('sh', ['-c', stubborn], { killGrace: 60 });
      await firstLine(child.stdout);
      started = performance.now();
    });
    expect(performance.now() - started).toBeGreaterThan(55);
    expect(await child!.wait()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(isRunning(child!.pid)).toBe(false);
  });

  // rule 254
  test('waits for a group whose leader went first, and kills what is left of it', async () => {
    let child: Process | undefined;
    let grandchild = 0;
    await taskGroup(async () => {
      const script = `sh -c '${stubborn.replace('ready', () => '$$')}' & wait`;
      child = await openProcess('sh', ['-c', script], { killGrace: 60 });
      grandchild = Number(await firstLine(child.stdout));
      expect(isRunning(grandchild)).toBe(true);
    });
    expect(await child!.wait()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isRunning(grandchild)).toBe(false);
  });

  // rule 254
  test('ends grandchildren whose leader has gone, though nobody holds its streams any more', async () => {
    let grandchild = 0;
    await taskGroup(async () => {
      const script = 'sleep 30 <&- >/dev/null 2>&1 & echo $!';
      const child = await openProcess('sh', ['-c', script]);
      grandchild = Number(await textOf(child.stdout));
      expect(await child.wait()).toEqual({ code: 0, signal: null });
      await textOf(child.stderr);
      await sleep(20);
      expect(isRunning(grandchild)).toBe(true);
    });
    expect(isRunning(grandchild)).toBe(false);
  });

  test('gives grandchildren their time too, though the leader is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const path = join(folder, 'clean');
    await taskGroup(async () => {
      const inner = `trap "sleep 0.05; touch ${path}; exit" TERM; echo ready; while :; do sleep 0.01; done`;
      const child = await openProcess('sh', ['-c', `sh -c '${inner}' & wait`]);
      await firstLine(child.stdout);
    });
    rmSync(path);
    rmSync(folder, { recursive: true });
  });

  test('lets it say more than a pipe holds on its way out', async () => {
    let child: Process | undefined;
    await taskGroup(async () => {
      const script =
        'trap "head -c 300000 /dev/zero; exit 5" TERM; echo ready; while :; do sleep 0.01; done';
      child = await openProcess('sh', ['-c', script]);
      await firstLine(child.stdout);
    });
    expect(await child!.wait()).toEqual({ code: 5, signal: null });
  });

  // rule 254
  test('comes before a cancellation leaves', async () => {
    let child: Process | undefined;
    const over = timeout(20, () =>
      taskGroup(async () => {
        child = await openProcess('sh', ['-c', stubborn], { killGrace: 40 });
        await child.wait();
      }),
    );
    await expect(over).rejects.toThrow(TimeoutError);
    expect(isRunning(child!.pid)).toBe(false);
  });

  test('is not the end of a timeout around the call alone', async () => {
    await taskGroup(async () => {
      const child = await timeout(5000, () => openProcess('cat'));
      expect(isRunning(child.pid)).toBe(true);
    });
  });

  test('has nothing to do for what is disposed of, by anybody, any number of times', async () => {
    await taskGroup(async () => {
      const child = await openProcess('cat');
      const scope = new CancelScope();
      scope.cancel();
      // Shielded: also somebody who is cancelled ends it.
      await scope.run(() => child[Symbol.asyncDispose]());
      expect(isRunning(child.pid)).toBe(false);
      await Promise.all([child[Symbol.asyncDispose](), child[Symbol.asyncDispose]()]);
    });
  });
});
