import { copy, writeFile } from '@ambit/io';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import filesystem from 'node:fs/promises';
import process from 'node:process';
import { runInThisContext } from 'node:vm';
import { useFolder } from '../support/temporary-folder.ts';

// Atomic writes and copies go where Node's own calls go, and leave what those leave.

const { path } = useFolder();
// The sandbox has a copy.
const host = runInThisContext('process') as NodeJS.Process;
const whenRoot = process.getuid?.() === 0 ? test : test.failing;

const ways: [string, (to: string) => Promise<void>][] = [
  ['writeFile, atomic', (to) => writeFile(to, 'new', { atomic: true })],
  ['copy', (to) => copy(path('source'), to)],
];

let before = 0;
beforeEach(() => {
  before = host.umask(0o022);
  writeFileSync(path('source'), 'new');
});
afterEach(() => host.umask(before));

const modeOf = (name: string): string => (statSync(path(name)).mode & 0o7777).toString(8);

describe.each(ways)('%s', (_name, write) => {
  test('a link counts from the real directory that it is in', async () => {
    mkdirSync(path('releases', '42'), { recursive: true });
    symlinkSync('releases/42', path('now'));
    symlinkSync('../shared', path('releases', '42', 'config'));
    await write(path('now', 'config'));
    expect(readFileSync(path('releases', 'shared'), 'utf8')).toBe('new');
    expect(lstatSync(path('now', 'config')).isSymbolicLink()).toBe(true);
    expect(existsSync(path('shared'))).toBe(false);
  });

  test('links to links, to what is there and to what is not', async () => {
    writeFileSync(path('there'), 'old');
    for (const name of ['there', 'absent']) {
      symlinkSync(`./${name}`, path(`${name} 1`));
      symlinkSync(path(`${name} 1`), path(`${name} 2`));
      await write(path(`${name} 2`));
      expect(readFileSync(path(name), 'utf8')).toBe('new');
      expect(lstatSync(path(`${name} 1`)).isSymbolicLink()).toBe(true);
    }
  });

  test.each([
    ['a ring', 'ring', 'ELOOP'],
    ['a directory that is not there', 'none/x', 'ENOENT'],
    ['a name with a slash at its end', 'new/', 'EISDIR'],
    ['what is no directory', 'source/x', 'ENOTDIR'],
    ['a directory', '.', 'EISDIR'],
  ])('a link to %s fails as with Node', async (_what, target, code) => {
    symlinkSync(target, path('ring'));
    await expect(filesystem.writeFile(path('ring'), '')).rejects.toMatchObject({ code });
    await expect(write(path('ring'))).rejects.toMatchObject({ code, path: path('ring') });
  });

  const setting = '/proc/sys/fs/protected_symlinks';
  describe('where the system protects links', () => {
    let was = '';
    beforeEach(() => {
      was = readFileSync(setting, 'utf8');
      writeFileSync(setting, '1');
      mkdirSync(path('shared'));
      chmodSync(path('shared'), 0o1777);
      writeFileSync(path('secret'), 'precious');
      for (const name of ['secret', 'absent']) symlinkSync(path(name), path('shared', name));
    });
    afterEach(() => writeFileSync(setting, was));

    whenRoot('it follows none of another user in a directory for all', async () => {
      for (const name of ['secret', 'absent']) {
        const link = path('shared', name);
        lchownSync(link, 65_534, 65_534);
        await expect(filesystem.writeFile(link, '')).rejects.toMatchObject({ code: 'EACCES' });
        await expect(write(link)).rejects.toMatchObject({ code: 'EACCES', path: link });
      }
      expect(readFileSync(path('secret'), 'utf8')).toBe('precious');
      expect(existsSync(path('absent'))).toBe(false);
    });

    whenRoot('it follows none that such a link leads to in the end', async () => {
      lchownSync(path('shared', 'absent'), 65_534, 65_534);
      symlinkSync(path('shared', 'absent'), path('mine'));
      await expect(filesystem.writeFile(path('mine'), '')).rejects.toMatchObject({
        code: 'EACCES',
      });
      await expect(write(path('mine'))).rejects.toMatchObject({
        code: 'EACCES',
        path: path('mine'),
      });
    });

    whenRoot('it follows its own user’s, and those of the directory’s owner', async () => {
      chownSync(path('shared'), 65_534, 65_534);
      lchownSync(path('shared', 'absent'), 65_534, 65_534);
      await write(path('shared', 'secret'));
      await write(path('shared', 'absent'));
      expect([readFileSync(path('secret'), 'utf8'), readFileSync(path('absent'), 'utf8')]).toEqual([
        'new',
        'new',
      ]);
    });

    whenRoot('a link that appears between two looks is not followed either', async () => {
      unlinkSync(path('shared', 'absent'));
      const { stat } = filesystem;
      jest.spyOn(filesystem, 'stat').mockImplementationOnce(async (...args) => {
        const nothing: unknown = await stat(...args).catch((error: unknown) => error);
        symlinkSync(path('secret'), path('shared', 'absent'));
        lchownSync(path('shared', 'absent'), 65_534, 65_534);
        throw nothing;
      });
      await expect(write(path('shared', 'absent'))).rejects.toMatchObject({ code: 'EACCES' });
      jest.restoreAllMocks();
      expect(readFileSync(path('secret'), 'utf8')).toBe('precious');
    });
  });
});

describe('the permission bits', () => {
  test.each([0o666, 0o600, 0o777, 0o755])(
    'of a new file, mode %o: less the umask',
    async (mode) => {
      await writeFile(path('a'), '', { mode, atomic: true });
      await writeFile(path('b'), '', { mode });
      expect(modeOf('a')).toBe(modeOf('b'));
      chmodSync(path('source'), mode);
      await copy(path('source'), path('c'));
      expect(modeOf('c')).toBe((mode & ~0o022).toString(8));
    },
  );

  test('of a file that is replaced stay', async () => {
    writeFileSync(path('a'), '');
    for (const mode of [0o600, 0o666, 0o4755]) {
      chmodSync(path('a'), mode);
      await writeFile(path('a'), 'new', { mode: 0o644, atomic: true });
      expect(modeOf('a')).toBe(mode.toString(8));
    }
  });

  whenRoot.each([0o4755, 0o2755, 0o6755])(
    'a copy of another user’s file, mode %o, runs as nobody else',
    async (mode) => {
      chownSync(path('source'), 65_534, 65_534);
      chmodSync(path('source'), mode);
      await copy(path('source'), path('new'));
      writeFileSync(path('there'), '');
      await copy(path('source'), path('there'));
      expect([modeOf('new'), modeOf('there')]).toEqual(['755', '755']);
    },
  );

  whenRoot('each of the two bits stays where its owner does', async () => {
    chownSync(path('source'), 0, 65_534);
    chmodSync(path('source'), 0o6755);
    await copy(path('source'), path('new'));
    expect(modeOf('new')).toBe('4755');
  });
});

test('onProgress has the options as its `this`', async () => {
  const seen: unknown[] = [];
  const options = {
    onProgress(this: unknown) {
      seen.push(this);
    },
  };
  await copy(path('source'), path('new'), options);
  expect(seen).toEqual([options]);
  expect(seen[0]).toBe(options);
});
