import {
  CancelScope,
  formatTaskTree,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  timeout,
} from '@ambit/core';
import { lockFile } from '@ambit/io';
import type { FileLock } from '@ambit/io';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import filesystem from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();

function program(...args: string[]): ChildProcess {
  const file = join(__dirname, '../fixtures', 'locks.mjs');
  return spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Starts a program that holds the lock, and waits until it does. */
async function holder(lock: string): Promise<ChildProcess> {
  const child = program('hold', lock);
  await once(child.stdout!, 'data');
  return child;
}

test('is held by one at a time, and handed on', async () => {
  const order: string[] = [];
  await taskGroup(async (group) => {
    const hold = async (name: string): Promise<void> => {
      await using lock = await lockFile(path('lock'));
      order.push(`${name} in`);
      expect(lock.path).toBe(path('lock'));
      await sleep(2);
      order.push(`${name} out`);
    };
    for (const name of ['a', 'b', 'c']) group.spawn(() => hold(name));
  });
  expect(order).toHaveLength(6);
  for (let at = 0; at < 6; at += 2) expect(order[at + 1]).toBe(order[at]!.replace('in', 'out'));
  expect(readdirSync(path())).toEqual([]);
});

test('its file says who holds it', async () => {
  await using lock = await lockFile(path('lock'));
  expect(JSON.parse(readFileSync(lock.path, 'utf8'))).toMatchObject({
    pid: process.pid,
    host: hostname(),
  });
});

test('the group around the call releases it', async () => {
  await taskGroup(async () => {
    await lockFile(path('lock'));
    expect(existsSync(path('lock'))).toBe(true);
  });
  expect(existsSync(path('lock'))).toBe(false);
});

test('release() twice is once, and does not take it from the next one; in a cancelled scope too', async () => {
  const first = await lockFile(path('lock'));
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await Promise.all([first.release(), first.release()]);
  });
  const second = await lockFile(path('lock'));
  await first.release();
  expect(existsSync(path('lock'))).toBe(true);
  await second.release();
  expect(existsSync(path('lock'))).toBe(false);
});

test('who waits is cancelled, by scope or signal, and holds nothing', async () => {
  const lock = await lockFile(path('lock'));
  expect(await moveOnAfter(5, () => lockFile(path('lock')))).toBeUndefined();
  const controller = new AbortController();
  const waiting = expect(lockFile(path('lock'), { signal: controller.signal })).rejects.toBe(
    'stop',
  );
  await sleep(5);
  controller.abort('stop');
  await waiting;
  await lock.release();
  await expect(lockFile(path('lock'), { signal: controller.signal })).rejects.toBe('stop');
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await expect(lockFile(path('lock'))).rejects.toBe(scope.reason);
  });
  expect(readdirSync(path())).toEqual([]);
});

// decisions: values beat cancellation
test('cancelled in the moment in which it is taken, it is held', async () => {
  const scope = new CancelScope();
  let lock: FileLock | undefined;
  await scope.run(async () => {
    const taking = lockFile(path('lock'));
    scope.cancel();
    lock = await taking;
  });
  expect(existsSync(path('lock'))).toBe(true);
  await lock!.release();
});

test('the task tree says which lock is waited for', async () => {
  let tree = '';
  await run(async (group) => {
    await lockFile(path('lock'));
    const task = group.spawn(() => lockFile(path('lock')), { name: 'waiter' });
    await sleep(10);
    tree = formatTaskTree();
    task.cancel();
  });
  expect(tree).toContain(`the lock ${path('lock')}`);
});

test('errors have code and path, and leave nothing behind', async () => {
  await expect(lockFile(path('none', 'lock'))).rejects.toMatchObject({
    code: 'ENOENT',
    path: path('none', 'lock'),
  });
  await expect(lockFile(path())).rejects.toMatchObject({ code: 'EISDIR', path: path() });
  writeFileSync(path('data'), '{"content":"precious"}');
  await expect(lockFile(path('data'))).rejects.toMatchObject({
    code: 'EEXIST',
    path: path('data'),
    message: expect.stringContaining('is no lock; give a path for the lock alone') as string,
  });
  await expect(lockFile(3 as never)).rejects.toThrow('lockFile: path is 3');
  expect(readdirSync(path())).toEqual(['data']);
});

test('another process holds it: who waits gets it when that one releases it', async () => {
  const child = await holder(path('lock'));
  const exit = once(child, 'exit');
  expect(await moveOnAfter(5, () => lockFile(path('lock')))).toBeUndefined();
  const waiting = lockFile(path('lock'));
  await sleep(5);
  child.kill('SIGTERM');
  await using lock = await waiting;
  expect(JSON.parse(readFileSync(lock.path, 'utf8'))).toMatchObject({ pid: process.pid });
  await exit;
});

test('that of a process which was killed is taken over, by who waits and by who comes', async () => {
  const child = await holder(path('lock'));
  const waiting = lockFile(path('lock'));
  await sleep(5);
  child.kill('SIGKILL');
  const lock = await timeout(2000, () => waiting);
  await lock.release();
  const other = await holder(path('lock'));
  other.kill('SIGKILL');
  await once(other, 'exit');
  await (await lockFile(path('lock'))).release();
  expect(readdirSync(path())).toEqual([]);
});

/** Who held it once, and left it. */
const dead = { pid: 2 ** 22 - 1, host: hostname(), since: 'long ago', token: 'aaaaaaaaaaaaaaaa' };

test('that of a process whose number another one has now is taken over', async () => {
  writeFileSync(path('lock'), JSON.stringify({ ...dead, pid: process.pid }));
  await (await lockFile(path('lock'))).release();
});

test('that of a process on another host is not: it may live', async () => {
  writeFileSync(path('lock'), JSON.stringify({ ...dead, host: 'elsewhere' }));
  expect(await moveOnAfter(20, () => lockFile(path('lock')))).toBeUndefined();
  expect(readdirSync(path())).toEqual(['lock']);
});

test('who died while it took over a lock stops nobody', async () => {
  writeFileSync(path('lock'), JSON.stringify(dead));
  const claim = createHash('sha256').update(dead.token).digest('hex').slice(0, 16);
  writeFileSync(path(`lock.${claim}`), JSON.stringify({ ...dead, token: 'bbbbbbbbbbbbbbbb' }));
  await (await lockFile(path('lock'))).release();
  expect(readdirSync(path())).toEqual([]);
});

test('a dead holder’s lock is taken by one of many', async () => {
  for (let round = 0; round < 20; round += 1) {
    const name = path(`lock${round}`);
    writeFileSync(name, JSON.stringify(dead));
    let inside = 0;
    await taskGroup(async (group) => {
      for (let count = 0; count < 8; count += 1) {
        group.spawn(async () => {
          await using lock = await lockFile(name);
          inside += 1;
          expect(inside).toBe(1);
          expect(lock).toBeDefined();
          await sleep(0);
          inside -= 1;
        });
      }
    });
  }
  expect(readdirSync(path())).toEqual([]);
});

test('who looked at a dead holder’s lock before another one took it over, does not take it too', async () => {
  writeFileSync(path('lock'), JSON.stringify(dead));
  const { link } = filesystem;
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const spy = jest.spyOn(filesystem, 'link').mockImplementationOnce(async (...paths) => {
    await gate;
    return link(...paths);
  });
  try {
    await taskGroup(async (group) => {
      const slow = group.spawn(() => lockFile(path('lock')));
      while (spy.mock.calls.length === 0) await sleep(1);
      const fast = await lockFile(path('lock'));
      goOn();
      await sleep(20);
      expect(slow.done).toBe(false);
      await fast.release();
      await (await slow).release();
    });
  } finally {
    spy.mockRestore();
  }
  expect(readdirSync(path())).toEqual([]);
});

// Each process reads a number, and writes one more, under the lock; some are killed in the middle of it.
test('several processes contend, and some are killed: no two hold it at a time', async () => {
  writeFileSync(path('count'), '0');
  const children = Array.from({ length: 5 }, () => program('count', path('lock'), path('count')));
  const done = children.map(async (child) => {
    let said = 0;
    child.stdout!.on('data', (text) => (said += String(text).length));
    await once(child, 'exit');
    return said;
  });
  for (const child of children.slice(0, 3)) {
    await once(child.stdout!, 'data');
    await sleep(15 + Math.random() * 20);
    child.kill('SIGKILL');
  }
  const counts = await Promise.all(done);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const written = Number(readFileSync(path('count'), 'utf8'));
  // A killed one may have written once more than it could say.
  expect(written).toBeGreaterThanOrEqual(total);
  expect(written).toBeLessThanOrEqual(total + 3);
  expect(counts.slice(3)).toEqual([40, 40]);
  expect(readdirSync(path())).not.toContain('overlap');
}, 30_000);
