import { moveOnAfter, sleep } from '@ambit/core';
import { watch, writeFile } from '@ambit/io';
import type { FileChange } from '@ambit/io';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { useFolder } from '../support/temporary-folder.ts';

const { path } = useFolder();

interface Changes {
  next(): Promise<IteratorResult<FileChange, undefined>>;
}

/** Waits for the next change, and lets those go by that are reported with it. */
async function change(changes: Changes): Promise<FileChange | undefined> {
  const first = await moveOnAfter(1000, () => changes.next());
  while ((await moveOnAfter(20, () => changes.next())) !== undefined);
  return first?.value;
}

beforeEach(() => writeFileSync(path('a'), '1'));

test('of a file goes on when the file is replaced, each time', async () => {
  await using changes = watch(path('a'));
  for (let round = 0; round < 3; round += 1) {
    await writeFile(path('a'), 'replaced', { atomic: true });
    expect(await change(changes)).toMatchObject({ filename: 'a' });
    appendFileSync(path('a'), 'changed');
    expect(await change(changes)).toEqual({ eventType: 'change', filename: 'a' });
  }
});

test('of a file goes on when the file is removed, and created again', async () => {
  await using changes = watch(path('a'));
  rmSync(path('a'));
  expect(await change(changes)).toMatchObject({ filename: 'a' });
  writeFileSync(path('a'), '2');
  expect(await change(changes)).toMatchObject({ filename: 'a' });
  appendFileSync(path('a'), '3');
  expect(await change(changes)).toEqual({ eventType: 'change', filename: 'a' });
});

test('of a file reports nothing of its neighbours', async () => {
  await using changes = watch(path('a'));
  await sleep(10);
  writeFileSync(path('b'), '');
  renameSync(path('b'), path('c'));
  expect(await moveOnAfter(40, () => changes.next())).toBeUndefined();
});

test('of a link goes on when what it stands for is exchanged, as in a mounted ConfigMap', async () => {
  for (const name of ['one', 'two']) {
    mkdirSync(path(name));
    writeFileSync(path(name, 'settings'), name);
  }
  symlinkSync('one', path('data'));
  symlinkSync('data/settings', path('settings'));
  await using changes = watch(path('settings'));
  symlinkSync('two', path('data.new'));
  renameSync(path('data.new'), path('data'));
  expect(await change(changes)).toMatchObject({ filename: 'settings' });
  appendFileSync(path('two', 'settings'), '!');
  expect(await change(changes)).toEqual({ eventType: 'change', filename: 'settings' });
});

test('of a file that is not there is an error, as with Node', async () => {
  await expect(watch(path('none')).next()).rejects.toMatchObject({
    code: 'ENOENT',
    path: path('none'),
  });
});
