import { moveOnAfter, sleep, timeout } from '@ambit/core';
import { lockFile } from '@ambit/io';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import filesystem, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();

/** What the file of a lock that is held here says. */
async function ownContent(): Promise<Record<string, unknown>> {
  await using lock = await lockFile(path('own'));
  return JSON.parse(readFileSync(lock.path, 'utf8')) as Record<string, unknown>;
}

function leave(content: object, name = 'lock'): void {
  writeFileSync(path(name), JSON.stringify(content));
}

async function isHeld(options?: { staleAfter?: number }): Promise<boolean> {
  const lock = await moveOnAfter(30, () => lockFile(path('lock'), options));
  await lock?.release();
  return lock === undefined;
}

function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), sleep(ms).then(() => false)]);
}

/** A holder of whom the file says no more than this. */
const dead = { pid: 2 ** 22 - 1, host: hostname(), token: 'aaaaaaaaaaaaaaaa' };

describe('what is no lock', () => {
  test.each([
    ['text', 'notes of somebody'],
    ['another program’s', '{"pid":12}'],
    ['a process id that is none', JSON.stringify({ ...dead, pid: 0 })],
    ['a process id that no system has', JSON.stringify({ ...dead, pid: 2 ** 40 })],
    ['a process id that is a group', JSON.stringify({ ...dead, pid: -5 })],
    ['too long', ' '.repeat(5000)],
  ])('is refused and left alone: %s', async (_what, text) => {
    writeFileSync(path('lock'), text);
    await expect(lockFile(path('lock'))).rejects.toMatchObject({
      code: 'EEXIST',
      path: path('lock'),
    });
    expect(readFileSync(path('lock'), 'utf8')).toBe(text);
    expect(readdirSync(path())).toEqual(['lock']);
  });

  test('a FIFO is refused, and nothing waits for its other end', async () => {
    execFileSync('mkfifo', [path('lock')]);
    await timeout(1000, () =>
      expect(lockFile(path('lock'))).rejects.toMatchObject({ code: 'EEXIST' }),
    );
  });

  test('a socket, a device, and a link are refused, to nothing and to a lock as well', async () => {
    const server = createServer().listen(path('socket'));
    await once(server, 'listening');
    symlinkSync('nothing', path('dangling'));
    await using lock = await lockFile(path('taken'));
    symlinkSync(lock.path, path('link'));
    for (const name of [path('socket'), '/dev/null', path('dangling'), path('link')]) {
      await expect(timeout(1000, () => lockFile(name))).rejects.toMatchObject({
        code: 'EEXIST',
        path: name,
      });
    }
    await expect(lockFile(path())).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    server.close();
    expect(existsSync(path('nothing'))).toBe(false);
  });
});

describe('a crash of the machine', () => {
  test.each([
    ['nothing', ''],
    ['zeros', '\0\0\0\0'],
    ['a line end', '\n'],
  ])('leaves a file with %s in it, which one of many takes over', async (_what, text) => {
    writeFileSync(path('lock'), text);
    let inside = 0;
    const hold = async (): Promise<void> => {
      await using lock = await lockFile(path('lock'));
      inside += 1;
      expect([lock.path, inside]).toEqual([path('lock'), 1]);
      await sleep(0);
      inside -= 1;
    };
    await timeout(4000, () => Promise.all(Array.from({ length: 5 }, hold)));
    expect(readdirSync(path())).toEqual([]);
  });
});

test('nothing that a lock file says is a path: not its token, not its thread', async () => {
  mkdirSync(path('public', 'lock.x'), { recursive: true });
  mkdirSync(path('private'));
  leave({ ...dead, pid: dead.pid - 1 }, 'private/other.lock');
  leave({ ...dead, token: 'x/../../private/other.lock', thread: '../../self' }, 'public/lock');
  const before = readFileSync(path('private', 'other.lock'), 'utf8');
  await (await lockFile(path('public', 'lock'))).release();
  expect(readdirSync(path('private'))).toEqual(['other.lock']);
  expect(readFileSync(path('private', 'other.lock'), 'utf8')).toBe(before);
  expect(readdirSync(path('public'))).toEqual(['lock.x']);
});

describe('a holder on this machine', () => {
  test('of another host name lives while its process does', async () => {
    const own = await ownContent();
    leave({ ...own, host: 'another-container' });
    expect(await isHeld({ staleAfter: 1 })).toBe(true);
  });

  test('is dead once its thread has ended, though the process goes on', async () => {
    const worker = new Worker(join(__dirname, '../fixtures', 'lock-thread.mjs'), {
      workerData: path('lock'),
    });
    await once(worker, 'message');
    expect(await isHeld({ staleAfter: 1 })).toBe(true);
    await worker.terminate();
    expect(await isHeld()).toBe(false);
  });

  test('another thread waits until it is released', async () => {
    const lock = await lockFile(path('lock'));
    const worker = new Worker(join(__dirname, '../fixtures', 'lock-thread.mjs'), {
      workerData: path('lock'),
    });
    const held = once(worker, 'message');
    await once(worker, 'online');
    expect(await settlesWithin(30, held)).toBe(false);
    await lock.release();
    await held;
    worker.postMessage('end');
    await once(worker, 'exit');
    expect(readdirSync(path())).toEqual([]);
  });

  describe('without /proc', () => {
    beforeEach(() => {
      for (const name of ['readFileSync', 'readlinkSync'] as const) {
        const real = filesystem[name] as (path: unknown, ...rest: unknown[]) => unknown;
        jest.spyOn(filesystem, name).mockImplementation(((at: unknown, ...rest: unknown[]) => {
          if (String(at).startsWith('/proc')) throw new Error('ENOENT');
          return real(at, ...rest);
        }) as never);
      }
    });
    afterEach(() => jest.restoreAllMocks());

    test('of this process is alive, in whatever thread', async () => {
      const own = await ownContent();
      expect(own).not.toHaveProperty('thread');
      leave({ ...own, token: 'bbbbbbbbbbbbbbbb' });
      expect(await isHeld({ staleAfter: 1 })).toBe(true);
    });

    test('of an earlier process with the same number is dead', async () => {
      const own = await ownContent();
      leave({ ...own, started: Number(own['started']) - 5000 });
      expect(await isHeld()).toBe(false);
      leave({ ...dead, pid: process.pid });
      expect(await isHeld()).toBe(false);
    });

    test('of another process is alive as long as that one is', async () => {
      const child = spawn('sleep', ['30']);
      leave({ ...dead, pid: child.pid });
      expect(await isHeld()).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await isHeld()).toBe(false);
    });
  });
});

describe('a holder that cannot be looked at', () => {
  const elsewhere: [string, object][] = [
    ['on another host', { host: 'elsewhere', boot: 'another' }],
    ['on another host that says less', { host: 'elsewhere', boot: undefined, space: undefined }],
    ['on another host of the same name', { boot: 'another' }],
    ['in another PID namespace', { space: 'pid:[1]' }],
  ];

  test.each(elsewhere)(
    '%s counts as dead after `staleAfter` of silence, not before',
    async (_where, its) => {
      leave({ ...(await ownContent()), ...its, beat: 10 });
      const began = performance.now();
      const lock = await timeout(4000, () => lockFile(path('lock'), { staleAfter: 150 }));
      expect(performance.now() - began).toBeGreaterThan(150);
      await lock.release();
      expect(readdirSync(path())).toEqual([]);
    },
  );

  test.each(elsewhere)('%s lives while its heart beats', async (_where, its) => {
    const own = await ownContent();
    let beats = 100;
    leave({ ...own, ...its, beat: 10, beats });
    const beat = setInterval(() => {
      const text = JSON.stringify({ ...own, ...its, beat: 10, beats: (beats += 1) });
      // In place: nobody finds it empty.
      writeFileSync(path('lock'), text, { flag: 'r+' });
    }, 20);
    expect(
      await moveOnAfter(600, () => lockFile(path('lock'), { staleAfter: 150 })),
    ).toBeUndefined();
    clearInterval(beat);
    await (await lockFile(path('lock'), { staleAfter: 150 })).release();
  });

  test('lives for three of its own heartbeats at least', async () => {
    leave({ ...(await ownContent()), host: 'elsewhere', boot: 'another', beat: 1000 });
    expect(
      await moveOnAfter(200, () => lockFile(path('lock'), { staleAfter: 10 })),
    ).toBeUndefined();
  });

  test('by default is waited for', async () => {
    leave({ ...(await ownContent()), host: 'elsewhere', boot: 'another' });
    expect(await isHeld()).toBe(true);
  });

  test('shows that it lives: the content of its file changes, and stays what it is', async () => {
    await using lock = await lockFile(path('lock'), { staleAfter: 40 });
    const first = readFileSync(lock.path, 'utf8');
    const until = performance.now() + 2000;
    while (readFileSync(lock.path, 'utf8') === first && performance.now() < until) await sleep(5);
    const later = readFileSync(lock.path, 'utf8');
    expect(later).not.toBe(first);
    expect(later).toHaveLength(first.length);
    expect({ ...JSON.parse(later), beats: '' }).toEqual({ ...JSON.parse(first), beats: '' });
  });

  test('does not write into the lock of the one who took it over', async () => {
    await using lock = await lockFile(path('lock'), { staleAfter: 40 });
    rmSync(lock.path);
    leave({ ...dead, host: 'elsewhere' });
    const theirs = readFileSync(path('lock'), 'utf8');
    await sleep(50);
    expect(readFileSync(path('lock'), 'utf8')).toBe(theirs);
    await lock.release();
    expect(readFileSync(path('lock'), 'utf8')).toBe(theirs);
  });

  const hasNamespaces =
    spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
  (hasNamespaces ? test : test.failing)(
    'processes of two PID namespaces exclude each other',
    async () => {
      const file = join(__dirname, '../fixtures', 'locks.mjs');
      const inNamespace = (): ReturnType<typeof spawn> =>
        spawn(
          'unshare',
          [
            '--pid',
            '--fork',
            '--kill-child',
            '--mount-proc',
            process.execPath,
            file,
            'hold',
            path('lock'),
          ],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
      const one = inNamespace();
      await once(one.stdout!, 'data');
      const other = inNamespace();
      const held = once(other.stdout!, 'data');
      expect(await settlesWithin(700, held)).toBe(false);
      expect(await isHeld()).toBe(true);
      rmSync(path('lock'));
      await held;
      for (const child of [one, other]) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  );
});

test('staleAfter is a duration', async () => {
  await expect(lockFile(path('lock'), { staleAfter: NaN })).rejects.toThrow(
    'lockFile: staleAfter is NaN',
  );
  await expect(lockFile(path('lock'), { staleAfter: -1 })).rejects.toThrow(
    'lockFile: staleAfter is -1',
  );
  await expect(lockFile(path('lock'), { staleAfter: '1' as never })).rejects.toThrow('staleAfter');
  await (await lockFile(path('lock'), { staleAfter: Infinity })).release();
});
