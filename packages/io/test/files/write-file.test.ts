import { CancelScope } from '@ambit/core';
import { copy, writeFile } from '@ambit/io';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runInThisContext } from 'node:vm';
import { seeded } from '../support/seeded.ts';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();
// The sandbox has a copy.
const { seteuid } = runInThisContext('process') as NodeJS.Process;
const isRoot = process.getuid?.() === 0;

describe('writeFile', () => {
  test('a text or bytes, with the mode and the flag of Node’s', async () => {
    await writeFile(path('a'), 'größe', { encoding: 'latin1', mode: 0o600 });
    expect(readFileSync(path('a'), 'latin1')).toBe('größe');
    expect(statSync(path('a')).mode & 0o777).toBe(0o600);
    await writeFile(path('a'), Buffer.from('!'), { flag: 'a' });
    expect(readFileSync(path('a'), 'latin1')).toBe('größe!');
    await expect(writeFile(path('a'), 'x', { flag: 'wx' })).rejects.toMatchObject({
      code: 'EEXIST',
      path: path('a'),
    });
  });

  test('errors have code and path', async () => {
    await expect(writeFile('/dev/full', 'x')).rejects.toMatchObject({
      code: 'ENOSPC',
      path: '/dev/full',
    });
    await expect(writeFile(path(), 'x')).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await expect(writeFile(path('none', 'x'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writeFile(path('a'), 3 as never)).rejects.toThrow('writeFile: data is 3');
    await expect(writeFile(3 as never, 'x')).rejects.toThrow('writeFile: path is 3');
    await expect(writeFile(path('a'), 'x', { atomic: true, flag: 'a' })).rejects.toThrow(
      'flag is "a"',
    );
    expect(readdirSync(path())).toEqual([]);
  });

  test('cancelled before, it writes nothing', async () => {
    for (const atomic of [false, true]) {
      const signal = AbortSignal.abort('stop');
      await expect(writeFile(path('a'), 'x', { atomic, signal })).rejects.toBe('stop');
    }
    expect(readdirSync(path())).toEqual([]);
  });
});

describe('writeFile, atomic', () => {
  test('replaces the content, and keeps the permission bits', async () => {
    writeFileSync(path('a'), 'old');
    chmodSync(path('a'), 0o4751);
    await writeFile(path('a'), 'new', { atomic: true });
    expect(readFileSync(path('a'), 'utf8')).toBe('new');
    expect(statSync(path('a')).mode & 0o7777).toBe(0o4751);
    await writeFile(path('a'), 'newer', { atomic: true, mode: 0o640 });
    expect(statSync(path('a')).mode & 0o7777).toBe(0o4751);
    expect(readdirSync(path())).toEqual(['a']);
  });

  test('a new file has the usual bits', async () => {
    await writeFile(path('a'), 'new', { atomic: true });
    writeFileSync(path('b'), 'new');
    expect(statSync(path('a')).mode).toBe(statSync(path('b')).mode);
    await writeFile(path('c'), 'new', { atomic: true, mode: 0o767 });
    writeFileSync(path('d'), 'new', { mode: 0o767 });
    expect(statSync(path('c')).mode).toBe(statSync(path('d')).mode);
  });

  (isRoot ? test : test.failing)('keeps the owner', async () => {
    writeFileSync(path('a'), 'old');
    chownSync(path('a'), 65_534, 65_534);
    await writeFile(path('a'), 'new', { atomic: true });
    expect(statSync(path('a'))).toMatchObject({ uid: 65_534, gid: 65_534 });
  });

  test('makes the file that a link stands for, if there is none yet', async () => {
    symlinkSync('not-yet', path('dangling'));
    await writeFile(path('dangling'), 'new', { atomic: true });
    expect(lstatSync(path('dangling')).isSymbolicLink()).toBe(true);
    expect(readFileSync(path('not-yet'), 'utf8')).toBe('new');
  });

  test('writes a file whose name is as long as can be', async () => {
    const name = '漢'.repeat(85);
    await writeFile(path(name), 'new', { atomic: true });
    expect(readFileSync(path(name), 'utf8')).toBe('new');
  });

  test('follows a link', async () => {
    mkdirSync(path('folder'));
    writeFileSync(path('folder', 'a'), 'old');
    symlinkSync(path('folder', 'a'), path('link'));
    await writeFile(path('link'), 'new', { atomic: true });
    expect(readFileSync(path('folder', 'a'), 'utf8')).toBe('new');
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(path('folder'))).toEqual(['a']);
  });

  test('is another file: who has the old one open reads on in it', async () => {
    writeFileSync(path('a'), 'old');
    const { ino } = statSync(path('a'));
    await writeFile(path('a'), 'new', { atomic: true });
    expect(statSync(path('a')).ino).not.toBe(ino);
  });

  test('errors have the path that was given, and leave nothing behind', async () => {
    const atomic = { atomic: true };
    await expect(writeFile(path('none', 'x'), 'x', atomic)).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none', 'x'),
      message: expect.not.stringContaining('.tmp') as string,
    });
    await expect(writeFile(path(), 'x', atomic)).rejects.toMatchObject({
      code: 'EISDIR',
      path: path(),
    });
    await expect(writeFile('/dev/null', 'x', atomic)).rejects.toMatchObject({
      code: 'EINVAL',
      path: '/dev/null',
    });
    writeFileSync(path('file'), '');
    await expect(writeFile(path('file', 'x'), 'x', atomic)).rejects.toMatchObject({
      code: 'ENOTDIR',
      path: path('file', 'x'),
    });
    expect(readdirSync(path())).toEqual(['file']);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('what may not be written to is not replaced either', async () => {
    chmodSync(path(), 0o777);
    writeFileSync(path('a'), 'old');
    chmodSync(path('a'), 0o444);
    // Root may write everything.
    if (isRoot) seteuid!(65_534);
    try {
      await expect(writeFile(path('a'), 'x', { atomic: true })).rejects.toMatchObject({
        code: 'EACCES',
        path: path('a'),
      });
    } finally {
      if (isRoot) seteuid!(0);
    }
    expect(readdirSync(path())).toEqual(['a']);
  });

  test('cancelled while it writes: the old content stays, and the temporary file is removed', async () => {
    writeFileSync(path('a'), 'old');
    const big = Buffer.alloc(30_000_000, 'n');
    const scope = new CancelScope();
    await scope.run(async () => {
      const writing = writeFile(path('a'), big, { atomic: true });
      while (!readdirSync(path()).some((name) => name.endsWith('.tmp')))
        await new Promise((resolve) => void setImmediate(resolve));
      scope.cancel();
      await expect(writing).rejects.toBe(scope.reason);
    });
    expect(readdirSync(path())).toEqual(['a']);
    expect(readFileSync(path('a'), 'utf8')).toBe('old');
  });

  test('many at once: one of them, whole', async () => {
    const contents = Array.from({ length: 10 }, (_, index) => String(index).repeat(100_000));
    await Promise.all(contents.map((data) => writeFile(path('a'), data, { atomic: true })));
    expect(contents).toContain(readFileSync(path('a'), 'utf8'));
    expect(readdirSync(path())).toEqual(['a']);
  });

  test('killed at any moment, it leaves the old content or the new one', async () => {
    const seed = Date.now() % 1_000_000;
    const random = seeded(seed);
    for (let round = 0; round < 12; round += 1) {
      const kills = [0, 1].map((at) => kill(path(`${round} ${at}`), round % 3, random() * 10));
      for (const { content, writes, pause } of await Promise.all(kills)) {
        const first = content[0] ?? '';
        const isWhole = content === first.repeat(1_000_000);
        // What was reported as written is there, if nothing newer is.
        const isNew = writes === 0 || first !== 'o';
        const at = { seed, round, pause };
        expect({ ...at, isWhole, isNew }).toEqual({ ...at, isWhole: true, isNew: true });
      }
    }
  }, 60_000);
});

interface Killed {
  readonly content: string;
  readonly writes: number;
  readonly pause: number;
}

/** Kills a program that writes, so long after it has written so many times; answers what is in its file then. */
async function kill(folder: string, writes: number, pause: number): Promise<Killed> {
  mkdirSync(folder);
  const file = join(folder, 'a');
  writeFileSync(file, 'o'.repeat(1_000_000));
  const program = join(__dirname, '../fixtures', 'write-atomic.mjs');
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  while (said.length <= writes) await once(child.stdout, 'data');
  const until = performance.now() + pause;
  while (performance.now() < until);
  child.kill('SIGKILL');
  expect((await exit)[1]).toBe('SIGKILL');
  return { content: readFileSync(file, 'utf8'), writes, pause };
}

describe('copy', () => {
  test('the bytes and the permission bits, and says how far it is', async () => {
    const bytes = Buffer.alloc(600_000, 'abcdefg');
    writeFileSync(path('a'), bytes);
    chmodSync(path('a'), 0o4751);
    const seen: number[][] = [];
    await copy(path('a'), path('b'), { onProgress: (...at) => seen.push(at) });
    expect(readFileSync(path('b')).equals(bytes)).toBe(true);
    expect(statSync(path('b')).mode & 0o7777).toBe(0o4751);
    expect(seen.at(-1)).toEqual([600_000, 600_000]);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.map(([done]) => done)).toEqual(
      seen.map(([done]) => done).sort((one, other) => one! - other!),
    );
    expect(readdirSync(path())).toEqual(['a', 'b']);
  });

  test('a file that grows meanwhile: all of it, and no more done than there is', async () => {
    writeFileSync(path('a'), Buffer.alloc(300_000));
    const seen: number[][] = [];
    const onProgress = (done: number, total: number): void => {
      if (seen.push([done, total]) === 1) appendFileSync(path('a'), Buffer.alloc(100_000));
    };
    await copy(path('a'), path('b'), { onProgress });
    expect(seen.at(-1)).toEqual([400_000, 400_000]);
    expect(statSync(path('b')).size).toBe(400_000);
  });

  test('replaces what is there, and may be onto itself', async () => {
    writeFileSync(path('a'), 'new', { mode: 0o600 });
    writeFileSync(path('b'), 'old and longer', { mode: 0o666 });
    await copy(path('a'), path('b'));
    await copy(path('b'), path('b'));
    expect(readFileSync(path('b'), 'utf8')).toBe('new');
    expect(statSync(path('b')).mode & 0o777).toBe(0o600);
  });

  test('an empty file: one progress', async () => {
    writeFileSync(path('a'), '');
    const seen: number[][] = [];
    await copy(path('a'), path('b'), { onProgress: (...at) => seen.push(at) });
    expect(readFileSync(path('b'), 'utf8')).toBe('');
    expect(seen).toEqual([[0, 0]]);
  });

  test('cancelled half-way, by scope or signal, or by what onProgress throws: what was there stays', async () => {
    writeFileSync(path('a'), Buffer.alloc(1_000_000));
    writeFileSync(path('b'), 'old');
    const scope = new CancelScope();
    await scope.run(async () => {
      const error: unknown = await copy(path('a'), path('b'), {
        onProgress: () => scope.cancel(),
      }).catch((reason: unknown) => reason);
      expect(error).toBe(scope.reason);
    });
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = (): void => controller.abort('stop');
    await expect(copy(path('a'), path('new'), { onProgress, signal })).rejects.toBe('stop');
    await expect(copy(path('a'), path('new'), { signal })).rejects.toBe('stop');
    const boom = new Error('boom');
    const fail = (): never => {
      throw boom;
    };
    await expect(copy(path('a'), path('new'), { onProgress: fail })).rejects.toBe(boom);
    expect(readdirSync(path())).toEqual(['a', 'b']);
    expect(readFileSync(path('b'), 'utf8')).toBe('old');
  });

  test('errors have code and path, and leave nothing behind', async () => {
    writeFileSync(path('a'), 'x');
    await expect(copy(path('none'), path('b'))).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none'),
    });
    await expect(copy(path(), path('b'))).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await expect(copy(path('a'), path())).rejects.toMatchObject({ code: 'EISDIR', path: path() });
    await expect(copy(path('a'), path('none', 'b'))).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none', 'b'),
    });
    await expect(copy(path('a'), path('b'), { onProgress: 3 as never })).rejects.toThrow(
      'onProgress',
    );
    await expect(copy(path('a'), 3 as never)).rejects.toThrow('copy: destination is 3');
    expect(readdirSync(path())).toEqual(['a']);
  });

  // A file system of its own, where we may make one.
  const hasMount =
    isRoot &&
    spawnSync('sh', [
      '-c',
      'd=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs $d && umount $d; s=$?; rmdir $d; exit $s',
    ]).status === 0;
  (hasMount ? test : test.failing)(
    'no space left: ENOSPC with the path, and what was there stays',
    async () => {
      mkdirSync(path('small'));
      const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path('small')]);
      expect(mount.status).toBe(0);
      try {
        const target = path('small', 'a');
        writeFileSync(target, 'old');
        writeFileSync(path('big'), Buffer.alloc(1_000_000));
        const full = { code: 'ENOSPC', path: target };
        await expect(copy(path('big'), target)).rejects.toMatchObject(full);
        await expect(
          writeFile(target, Buffer.alloc(1_000_000), { atomic: true }),
        ).rejects.toMatchObject(full);
        expect(readdirSync(path('small'))).toEqual(['a']);
        expect(readFileSync(target, 'utf8')).toBe('old');
        await writeFile(target, 'new', { atomic: true });
        expect(readFileSync(target, 'utf8')).toBe('new');
      } finally {
        spawnSync('umount', [path('small')]);
      }
    },
  );
});
