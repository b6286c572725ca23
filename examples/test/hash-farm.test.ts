import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const program = join(root, 'examples/dist/hash-farm.js');

jest.setTimeout(90_000);

let folder: string;
beforeAll(() => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ambit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly end: number | string | null;
  readonly lines: string[];
  readonly err: string;
}

function hashFarm(args: string[], whenSaid?: [RegExp, NodeJS.Signals]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    // Once: the bar goes on to print while the program ends, and a second signal would end it at once.
    if (!child.killed && whenSaid?.[0].test(err) === true) child.kill(whenSaid[1]);
  });
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      done({ end: code ?? signal, lines: out.trimEnd().split('\n'), err });
    });
  });
}

test('hashes every file of the folder, in order, and shows how far it is', async () => {
  mkdirSync(join(folder, 'sub'));
  const files = ['a', 'b', 'c', 'sub/d', 'sub/e'].map((name) => [name, name.repeat(100_000)]);
  for (const [name, content] of files) writeFileSync(join(folder, name!), content!);
  const { end, lines, err } = await hashFarm([folder, '--algorithm', 'md5', '--threads', '2']);
  expect(end).toBe(0);
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  expect(lines).toEqual(files.map(([name, content]) => `${md5(content!)}  ${name!}`));
  expect(err).toMatch(/5 of 5 files/);
});

test('an error in a thread ends the program with what went wrong there', async () => {
  writeFileSync(join(folder, 'a'), 'a');
  const { end, err } = await hashFarm([folder, '--algorithm', 'nonsense']);
  expect(end).toBe(1);
  expect(err).toMatch(/at hashFile .*hash\.js/);
});

test('Ctrl-C is heard while all threads compute, and ends the program by the signal', async () => {
  // Sparse: they take seconds to read, and no room.
  for (const name of ['a', 'b']) {
    writeFileSync(join(folder, name), '');
    truncateSync(join(folder, name), 8 * 2 ** 30);
  }
  const started = performance.now();
  const { end, lines } = await hashFarm([folder, '--threads', '2'], [/0 of 2 files/, 'SIGINT']);
  expect(end).toBe('SIGINT');
  expect(lines).toEqual(['']);
  expect(performance.now() - started).toBeLessThan(5000);
});
