import { CancelScope, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import { temporaryDirectory, temporaryFile, walk, watch } from '@ambit/io';
import type { FileChange, WalkEntry } from '@ambit/io';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { runInThisContext } from 'node:vm';
import { useFolder } from '../support/temporary-folder.ts';

// The sandbox has a copy.
const { geteuid, seteuid } = runInThisContext('process') as NodeJS.Process;

const { path } = useFolder();

/** How many folders below the test's this process has open. */
function openFolders(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path());
    } catch {
      return false;
    }
  }).length;
}

async function all(source: AsyncIterable<WalkEntry>): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of source) found.push(relative(path(), entry.path));
  return found;
}

describe('walk', () => {
  test('gives what is in a folder, then what is in those below it; links are not followed', async () => {
    mkdirSync(path('a', 'b'), { recursive: true });
    writeFileSync(path('a', 'b', 'deep'), '');
    writeFileSync(path('top'), '');
    symlinkSync(path(), path('a', 'round'));
    const kinds: Record<string, string> = {};
    const order: string[] = [];
    for await (const { path: at, entry } of walk(path())) {
      const name = relative(path(), at);
      order.push(name);
      kinds[name] = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
    }
    expect(kinds).toEqual({
      a: 'folder',
      top: 'file',
      'a/b': 'folder',
      'a/round': 'other',
      'a/b/deep': 'file',
    });
    for (const [above, below] of [
      ['a', 'a/b'],
      ['top', 'a/b'],
      ['a/round', 'a/b/deep'],
    ])
      expect(order.indexOf(above!)).toBeLessThan(order.indexOf(below!));
    mkdirSync(path('empty'));
    expect(await all(walk(path('empty')))).toEqual([]);
  });

  test('one folder at a time is open, however deep and wide', async () => {
    const deep = Array.from({ length: 300 }, () => 'd');
    mkdirSync(path(...deep), { recursive: true });
    for (let count = 0; count < 200; count += 1) mkdirSync(path(`w${count}`));
    let most = 0;
    let count = 0;
    for await (const entry of walk(path())) {
      most = Math.max(most, openFolders());
      count += 1;
      expect(entry.path.startsWith(path())).toBe(true);
    }
    expect(count).toBe(500);
    expect(most).toBe(1);
    expect(openFolders()).toBe(0);
  });

  test('leaving the loop, being cancelled in it, and the group around it close the folder', async () => {
    mkdirSync(path('a'));
    mkdirSync(path('b'));
    for await (const entry of walk(path())) {
      expect(entry).toBeDefined();
      break;
    }
    expect(openFolders()).toBe(0);
    const scope = new CancelScope();
    let count = 0;
    await scope.run(async () => {
      for await (const entry of walk(path())) {
        expect(entry).toBeDefined();
        count += 1;
        scope.cancel();
      }
    });
    expect(count).toBe(1);
    expect(openFolders()).toBe(0);
    await taskGroup(async () => {
      await walk(path()).next();
      expect(openFolders()).toBe(1);
    });
    expect(openFolders()).toBe(0);
    await expect(walk(path(), { signal: AbortSignal.abort('stop') }).next()).rejects.toBe('stop');
  });

  test('a folder that vanishes meanwhile is passed over', async () => {
    mkdirSync(path('a', 'b'), { recursive: true });
    const found: string[] = [];
    for await (const entry of walk(path())) {
      found.push(relative(path(), entry.path));
      rmSync(path('a'), { recursive: true, force: true });
    }
    expect(found).toEqual(['a']);
  });

  test('a folder in whose place there is a file meanwhile is passed over', async () => {
    mkdirSync(path('a'));
    mkdirSync(path('b'));
    const found: string[] = [];
    for await (const entry of walk(path())) {
      found.push(relative(path(), entry.path));
      if (found.length > 1) continue;
      rmSync(path('a'), { recursive: true });
      writeFileSync(path('a'), '');
    }
    expect(found.sort()).toEqual(['a', 'b']);
    await expect(walk(path('a')).next()).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test('return() after the end of the group has nothing to do', async () => {
    let entries: AsyncGenerator<WalkEntry, void> | undefined;
    mkdirSync(path('a'));
    await taskGroup(async () => {
      entries = walk(path());
      await entries.next();
    });
    await expect(entries!.return()).resolves.toEqual({ done: true, value: undefined });
    expect(openFolders()).toBe(0);
  });

  test('errors have code and path', async () => {
    await expect(all(walk(path('none')))).rejects.toMatchObject({
      code: 'ENOENT',
      path: path('none'),
    });
    writeFileSync(path('file'), '');
    await expect(all(walk(path('file')))).rejects.toMatchObject({
      code: 'ENOTDIR',
      path: path('file'),
    });
    expect(() => walk(3 as never)).toThrow('walk: directory is 3');
  });

  test('a folder that may not be read: EACCES with its path', async () => {
    mkdirSync(path('open', 'secret'), { recursive: true });
    chmodSync(path(), 0o755);
    chmodSync(path('open', 'secret'), 0o000);
    const user = geteuid!();
    // Root may read everything.
    if (user === 0) seteuid!(65_534);
    try {
      await expect(all(walk(path('open')))).rejects.toMatchObject({
        code: 'EACCES',
        path: path('open', 'secret'),
      });
    } finally {
      if (user === 0) seteuid!(0);
      chmodSync(path('open', 'secret'), 0o755);
    }
    expect(openFolders()).toBe(0);
  });
});

describe('watch', () => {
  test('tells of changes from the call on, also before the first next()', async () => {
    writeFileSync(path('a'), '');
    const changes = watch(path());
    appendFileSync(path('a'), 'x');
    await sleep(20);
    const seen: FileChange[] = [];
    for await (const change of changes) {
      seen.push(change);
      if (change.eventType === 'rename') break;
      writeFileSync(path('b'), '');
    }
    expect(seen[0]).toEqual({ eventType: 'change', filename: 'a' });
    expect(seen.at(-1)).toEqual({ eventType: 'rename', filename: 'b' });
  });

  test('cancelled, by scope or signal, and with its group, it ends', async () => {
    const changes = watch(path());
    expect(await moveOnAfter(1, () => changes.next())).toBeUndefined();
    writeFileSync(path('a'), '');
    expect((await changes.next()).value).toEqual({ eventType: 'rename', filename: 'a' });
    await changes.close();
    expect(await changes.next()).toEqual({ done: true, value: undefined });
    const controller = new AbortController();
    const pending = expect(watch(path(), { signal: controller.signal }).next()).rejects.toBe(
      'stop',
    );
    controller.abort('stop');
    await pending;
    const owned = await taskGroup(async () => watch(path()));
    writeFileSync(path('b'), '');
    await sleep(5);
    expect(await owned.next()).toEqual({ done: true, value: undefined });
  });

  test('errors have code and path, and come with the first next()', async () => {
    const changes = watch(path('none'));
    await expect(changes.next()).rejects.toMatchObject({ code: 'ENOENT', path: path('none') });
    expect((await changes.next()).done).toBe(true);
    expect(() => watch(3 as never)).toThrow('watch: path is 3');
    expect(() => watch(path(), { signal: 3 as never })).toThrow('signal');
  });
});

describe('temporaryDirectory, temporaryFile', () => {
  test('are removed with the group around the call, with all that is in them', async () => {
    const [folder, file] = await taskGroup(async () => {
      const made = await temporaryDirectory();
      mkdirSync(join(made.path, 'a'));
      writeFileSync(join(made.path, 'a', 'b'), '');
      return [made.path, (await temporaryFile()).path];
    });
    expect([existsSync(folder), existsSync(file)]).toEqual([false, false]);
  });

  test('are there before, for this user alone, each its own', async () => {
    await using folder = await temporaryDirectory();
    await using file = await temporaryFile();
    await using other = await temporaryFile();
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(file.path).size).toBe(0);
    expect(dirname(file.path)).toBe(tmpdir());
    expect(other.path).not.toBe(file.path);
  });

  test('close() removes them early, twice is once, in a cancelled scope too', async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      const folder = await temporaryDirectory();
      scope.cancel();
      await Promise.all([folder.close(), folder.close()]);
      expect(existsSync(folder.path)).toBe(false);
      await expect(temporaryDirectory()).rejects.toBe(scope.reason);
      await expect(temporaryFile()).rejects.toBe(scope.reason);
    });
    await expect(temporaryFile({ signal: AbortSignal.abort('stop') })).rejects.toBe('stop');
  });

  // decisions: values beat cancellation
  test('cancelled while one is made: it is there, and removed by its owner', async () => {
    const paths: string[] = [];
    await taskGroup(async (group) => {
      const task = group.spawn(async () => {
        paths.push(
          (await temporaryDirectory()).path,
          (await temporaryFile().catch(() => ({ path: '' }))).path,
        );
      });
      task.cancel();
      await task.catch(() => undefined);
      expect(existsSync(paths[0]!)).toBe(true);
    });
    expect(existsSync(paths[0]!)).toBe(false);
    expect(paths[1]).toBe('');
  });
});
