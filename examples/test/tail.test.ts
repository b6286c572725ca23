import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = resolve(__dirname, '../dist/tail.js');

// A process for each test, on a machine that is busy with other tests.
jest.setTimeout(90_000);

let folder = '';
let log = '';
let child: ChildProcess | undefined;
let out = '';
let err = '';
let onNews = (): void => undefined;
let timer: NodeJS.Timeout | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tail-'));
  log = join(folder, 'log');
});

afterEach(() => {
  clearInterval(timer);
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function tail(...args: string[]): ChildProcess {
  [out, err] = ['', ''];
  child = spawn(process.execPath, ['--trace-warnings', program, ...args]);
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onNews();
  });
  child.on('close', () => onNews());
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  return child;
}

/** Waits until all that is printed is this. */
async function printed(lines: string[]): Promise<void> {
  const expected = lines.map((line) => `${line}\n`).join('');
  while (out.length < expected.length && child!.exitCode === null)
    await new Promise<void>((resolve) => (onNews = resolve));
  expect(err).toBe('');
  expect(out).toBe(expected);
}

/** Ctrl-C: it dies of it, having complained of nothing. */
async function interrupt(): Promise<void> {
  const exit = once(child!, 'close');
  child!.kill('SIGINT');
  expect(await exit).toEqual([null, 'SIGINT']);
  expect(err).toBe('');
}

test('prints the last lines, then those that are added, when they are whole', async () => {
  writeFileSync(log, Array.from({ length: 20 }, (_, index) => `${index}\n`).join(''));
  tail('-n', '2', log);
  await printed(['18', '19']);
  appendFileSync(log, 'twen');
  appendFileSync(log, 'ty\nand ');
  await printed(['18', '19', 'twenty']);
  appendFileSync(log, 'one\n');
  await printed(['18', '19', 'twenty', 'and one']);
  await interrupt();
});

test('ten lines if it is not told how many; all, if there are fewer; characters of several bytes', async () => {
  writeFileSync(log, Array.from({ length: 30_000 }, (_, index) => `line ${index} €\n`).join(''));
  tail(log);
  const last = Array.from({ length: 10 }, (_, index) => `line ${29_990 + index} €`);
  await printed(last);
  await interrupt();
  writeFileSync(log, 'one\ntwo\n');
  tail('-n', '5', log);
  await printed(['one', 'two']);
  await interrupt();
  tail('-n', '0', log);
  // Nothing is printed: as soon as it listens, it is told of this.
  timer = setInterval(() => appendFileSync(log, 'x\n'), 50);
  await once(child!.stdout!, 'data');
  expect(out).toMatch(/^(x\n)+$/);
  await interrupt();
});

test('a file that is cut short is read from its beginning', async () => {
  writeFileSync(log, 'old 1\nold 2\nhalf a line');
  tail(log);
  await printed(['old 1', 'old 2']);
  truncateSync(log);
  appendFileSync(log, 'new\n');
  await printed(['old 1', 'old 2', 'half a line', 'new']);
  await interrupt();
});

test('a file that is rotated: the old one to its end, then the new one', async () => {
  writeFileSync(log, 'a\n');
  tail(log);
  await printed(['a']);
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, 'b\n');
  await new Promise((done) => void setTimeout(done, 30));
  writeFileSync(log, 'c\n');
  await printed(['a', 'b', 'c']);
  renameSync(log, `${log}.2`);
  writeFileSync(log, 'd\n');
  await printed(['a', 'b', 'c', 'd']);
  appendFileSync(log, 'e\n');
  await printed(['a', 'b', 'c', 'd', 'e']);
  await interrupt();
});

test('whoever reads it may have enough', async () => {
  writeFileSync(log, 'a\n');
  const reader = tail(log);
  await printed(['a']);
  const exit = once(reader, 'exit');
  reader.stdout!.destroy();
  timer = setInterval(() => appendFileSync(log, 'more\n'), 20);
  expect(await exit).toEqual([0, null]);
  expect(err).toBe('');
});

test('no such file, and no file at all', async () => {
  tail(log);
  expect((await once(child!, 'close'))[0]).toBe(1);
  expect(err).toBe(`tail: ENOENT: no such file or directory, open '${log}'\n`);
  expect(spawnSync(process.execPath, [program]).status).toBe(2);
  expect(spawnSync(process.execPath, [program, '-n', 'x', log]).status).toBe(2);
});
