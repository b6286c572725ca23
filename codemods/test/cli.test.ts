import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cli = join(__dirname, '../src/cli.mjs');
const before = 'export const f = () => Promise.all([g()]);\n';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'codemods-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [cli, ...args], { cwd: directory, encoding: 'utf8' });
}

function write(path: string, text = before): void {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), text);
}

const read = (path: string) => readFileSync(join(directory, path), 'utf8');

test('moves the files below a directory, and leaves what others have made', () => {
  write('src/a.mjs');
  write('src/b.d.ts');
  write('src/node_modules/c.mjs');
  const { status, stdout } = run('src');
  expect(stdout).toBe(
    [
      'src/a.mjs:1 promise-all: moved',
      'promise-all: 1 moved, 0 left',
      '1 files: 1 changed, 0 could not be read',
      'next: npm install @ambit/core, run your formatter, and run your tests\n',
    ].join('\n'),
  );
  expect(status).toBe(0);
  expect(read('src/a.mjs')).toContain('gather([() => g()])');
  expect(read('src/b.d.ts')).toBe(before);
  expect(read('src/node_modules/c.mjs')).toBe(before);
});

test('--dry says the same and changes nothing', () => {
  write('a.mjs');
  expect(run('--dry', 'a.mjs').stdout).toContain('1 files: 1 would change');
  expect(read('a.mjs')).toBe(before);
});

test('a file that cannot be parsed is named with its place, and the others are moved', () => {
  write('a.mjs', 'Promise.all([');
  write('b.mjs');
  const { status, stdout } = run('.');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^a\.mjs: .*\(1:13\)$/m);
  expect(stdout).toContain('1 changed, 1 could not be read');
});

test.each([
  { args: [], says: 'ambit-codemods: name a file or a directory' },
  { args: ['--fast', 'a'], says: "Unknown option '--fast'" },
  {
    args: ['--only', 'p-lmit', 'a'],
    says: 'ambit-codemods: there is no rule "p-lmit"; use p-limit, ',
  },
  { args: ['no-such-file'], says: 'ambit-codemods: no-such-file does not exist' },
])('$args: $says', ({ args, says }) => {
  const { status, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(says);
});

test('--help names the rules', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('p-limit, p-map, p-queue');
});
