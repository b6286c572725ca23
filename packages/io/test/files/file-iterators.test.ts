import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { LimitOverrunError, readLines, walk, watch } from '@ambit/io';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import filesystem from 'node:fs/promises';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();
const END = { done: true, value: undefined };

/** How many files of the test's folder this process has open. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path());
    } catch {
      return false;
    }
  }).length;
}

describe('return() ends a next() that is pending', () => {
  test('of readLines, while a FIFO has nothing to say', async () => {
    execFileSync('mkfifo', [path('fifo')]);
    const end = openSync(path('fifo'), 'r+');
    const lines = readLines(path('fifo'));
    writeSync(end, 'one\n');
    expect(await lines.next()).toEqual({ done: false, value: 'one' });
    const order: string[] = [];
    const next = lines.next().finally(() => order.push('next'));
    await sleep(5);
    const left = lines.return(undefined).finally(() => order.push('return'));
    expect(await next).toEqual(END);
    expect(await left).toEqual(END);
    expect(order).toEqual(['next', 'return']);
    expect(await lines.next()).toEqual(END);
    // What it is still waiting for: then it closes the file.
    writeSync(end, 'two\n');
    closeSync(end);
    while (openFiles() > 0) await sleep(1);
  });

  test('of readLines, while a FIFO has no writer', async () => {
    execFileSync('mkfifo', [path('fifo')]);
    await taskGroup(async () => {
      const lines = readLines(path('fifo'));
      const next = lines.next();
      await sleep(5);
      await lines.return(undefined);
      expect(await next).toEqual(END);
      closeSync(openSync(path('fifo'), 'w'));
    });
    while (openFiles() > 0) await sleep(1);
  });

  test('of walk, and the directory is closed', async () => {
    mkdirSync(path('a'));
    writeFileSync(path('a', 'b'), '');
    const entries = walk(path());
    const nexts = [entries.next(), entries.next(), entries.next()];
    await entries.return(undefined);
    expect(await Promise.all(nexts)).toEqual([END, END, END]);
    expect(openFiles()).toBe(0);
  });

  test('of watch', async () => {
    const changes = watch(path());
    const next = changes.next();
    await changes.return();
    expect(await next).toEqual(END);
  });

  test('return() where none is pending waits until the file is closed; throw() rejects with its error', async () => {
    writeFileSync(path('a'), 'one\ntwo\n');
    const lines = readLines(path('a'));
    await lines.next();
    expect(openFiles()).toBe(1);
    await lines.return(undefined);
    expect(openFiles()).toBe(0);
    const others = readLines(path('a'));
    await others.next();
    await expect(others.throw('stop')).rejects.toBe('stop');
    expect(openFiles()).toBe(0);
  });

  test('an error of a file that nobody waits for is nobody’s', async () => {
    writeFileSync(path('a'), '');
    const { open } = filesystem;
    jest.spyOn(filesystem, 'open').mockImplementationOnce(async () => {
      await sleep(150);
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    const lines = readLines(path('a'));
    const next = lines.next();
    await sleep(1);
    expect(await lines.return(undefined)).toEqual(END);
    expect(await next).toEqual(END);
    await sleep(60);
    jest.restoreAllMocks();
    expect(filesystem.open).toBe(open);
  });
});

test('a loop that is cancelled between two lines closes the file, and gives the cancellation', async () => {
  writeFileSync(path('a'), 'one\ntwo\nthree\n');
  const scope = new CancelScope();
  const seen: string[] = [];
  await scope.run(async () => {
    for await (const line of readLines(path('a'))) {
      seen.push(line);
      scope.cancel();
    }
  });
  expect(scope.cancelCaught).toBe(true);
  expect(seen).toEqual(['one']);
  expect(openFiles()).toBe(0);
});

describe('a line that is too long', () => {
  test('ends the loop with LimitOverrunError, at 1 MiB by default', async () => {
    writeFileSync(path('a'), `short\n${'x'.repeat(1_048_577)}\n`);
    const seen: string[] = [];
    const read = async (limit?: number): Promise<void> => {
      for await (const line of readLines(path('a'), { limit })) seen.push(line);
    };
    await expect(read()).rejects.toThrow(LimitOverrunError);
    expect(seen).toEqual(['short']);
    await read(Infinity);
    expect(seen.at(-1)).toHaveLength(1_048_577);
    await expect(read(4)).rejects.toThrow(LimitOverrunError);
    expect(() => readLines(path('a'), { limit: 0 })).toThrow('readLines: limit is 0');
    expect(openFiles()).toBe(0);
  });
});
