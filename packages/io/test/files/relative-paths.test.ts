import {
  copy,
  lockFile,
  openFile,
  readFile,
  readLines,
  temporaryDirectory,
  temporaryFile,
  walk,
  watch,
  writeFile,
} from '@ambit/io';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import filesystem from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { runInThisContext } from 'node:vm';
import { useFolder } from '../support/temporary-folder.ts';

// A relative path is resolved when it is given.

const { path } = useFolder();
const home = process.cwd();
// The sandbox has a copy.
const { env } = runInThisContext('process') as NodeJS.Process;

beforeEach(() => {
  mkdirSync(path('here', 'sub'), { recursive: true });
  mkdirSync(path('there'));
  writeFileSync(path('here', 'a'), 'here\n');
  writeFileSync(path('here', 'sub', 'b'), '');
  process.chdir(path('here'));
});
afterEach(() => process.chdir(home));

/** Calls, and is somewhere else before what was called has done anything. */
function thenLeave<T>(start: () => T): T {
  const started = start();
  process.chdir(path('there'));
  return started;
}

test('readFile, openFile, writeFile', async () => {
  expect(await thenLeave(() => readFile('a', 'utf8'))).toBe('here\n');
  process.chdir(path('here'));
  await using file = await thenLeave(() => openFile('a'));
  expect(await file.readFile('utf8')).toBe('here\n');
  for (const atomic of [false, true]) {
    process.chdir(path('here'));
    await thenLeave(() => writeFile(`new ${atomic}`, 'x', { atomic }));
    expect(readFileSync(path('here', `new ${atomic}`), 'utf8')).toBe('x');
  }
  expect(readdirSync(path('there'))).toEqual([]);
});

test('copy: both of its paths', async () => {
  await copy('a', './sub/../copied', { onProgress: () => process.chdir(path('there')) });
  expect(readFileSync(path('here', 'copied'), 'utf8')).toBe('here\n');
});

test('readLines and walk: before the first next(), and between two', async () => {
  const lines = thenLeave(() => readLines('a'));
  expect(await lines.next()).toEqual({ done: false, value: 'here' });
  await lines.return();
  process.chdir(path('here'));
  const found: string[] = [];
  for await (const entry of thenLeave(() => walk('.'))) found.push(entry.path);
  expect(found.sort()).toEqual(['a', 'sub', 'sub/b']);
});

test('watch, of a directory and of a file', async () => {
  for (const name of ['.', 'a']) {
    process.chdir(path('here'));
    await using changes = thenLeave(() => watch(name));
    appendFileSync(path('here', 'a'), '!');
    expect(await changes.next()).toMatchObject({ value: { filename: 'a' } });
  }
});

test('lockFile: it is given back where it was taken', async () => {
  const lock = await thenLeave(() => lockFile('lock'));
  expect(existsSync(path('here', 'lock'))).toBe(true);
  process.chdir(home);
  await lock.release();
  expect(existsSync(path('here', 'lock'))).toBe(false);
  process.chdir(path('here'));
  await (await lockFile('lock')).release();
});

test('temporary files, where the directory for them is a relative one', async () => {
  const { TMPDIR } = env;
  env['TMPDIR'] = 'sub';
  try {
    for (const make of [temporaryDirectory, temporaryFile]) {
      process.chdir(path('here'));
      const made = await thenLeave(() => make());
      expect(dirname(made.path)).toBe(path('here', 'sub'));
      await made.close();
    }
  } finally {
    if (TMPDIR === undefined) delete env['TMPDIR'];
    else env['TMPDIR'] = TMPDIR;
  }
  expect(readdirSync(path('here', 'sub'))).toEqual(['b']);
});

describe('errors have the path as it was given, as Node’s do', () => {
  const calls: [string, (name: string) => Promise<unknown>][] = [
    ['readFile', (name) => readFile(name)],
    ['openFile', (name) => openFile(name)],
    ['writeFile', (name) => writeFile(name, '')],
    ['writeFile, atomic', (name) => writeFile(name, '', { atomic: true })],
    ['copy from', (name) => copy(name, 'copied')],
    ['copy to', (name) => copy('a', name)],
    ['readLines', (name) => readLines(name).next()],
    ['walk', (name) => walk(name).next()],
    ['watch', (name) => watch(name).next()],
    ['lockFile', (name) => lockFile(name)],
  ];
  test.each(calls)('%s', async (_name, call) => {
    const node: unknown = await filesystem.readFile('none/x').catch((error: unknown) => error);
    expect(node).toMatchObject({ code: 'ENOENT', path: 'none/x' });
    const error: unknown = await call('none/x').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ENOENT', path: 'none/x' });
    expect((error as Error).message).not.toContain(path());
  });

  test('what only looks like another path is what the system takes it for', async () => {
    await expect(readFile('a/')).rejects.toMatchObject({ code: 'ENOTDIR', path: 'a/' });
    await expect(readFile('')).rejects.toMatchObject({ code: 'ENOENT', path: '' });
    await expect(readFile('none/../a')).rejects.toMatchObject({ code: 'ENOENT' });
    for (const atomic of [false, true]) {
      await expect(writeFile('new/', '', { atomic })).rejects.toMatchObject({
        code: 'EISDIR',
        path: 'new/',
      });
    }
    expect(existsSync('new')).toBe(false);
  });

  test('an error of the source is about the source', async () => {
    const broken = copy('a', 'copied', {
      onProgress: () => {
        throw Object.assign(new Error('EIO: i/o error, read'), {
          code: 'EIO',
          errno: -5,
          path: 'a',
        });
      },
    });
    await expect(broken).rejects.toMatchObject({ code: 'EIO', path: 'a' });
  });
});
