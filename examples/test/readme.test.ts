import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';

// What the pages show is what a reader gets: every sample is type-checked, run by itself against the built
// package, and must print what the page says it prints.

const root = resolve(__dirname, '../..');
const pages = [
  'README.md',
  'packages/core/README.md',
  'packages/sync/README.md',
  'packages/io/README.md',
  'packages/core/skills/ambit/SKILL.md',
  'packages/sync/skills/ambit/SKILL.md',
  'packages/io/skills/ambit/SKILL.md',
  'docs/design.md',
  'docs/guides/testing.md',
];

interface Block {
  readonly language: string;
  /** The words after the language: `ctrl-c` has the sample interrupted once it has printed something. */
  readonly words: readonly string[];
  readonly code: string;
  readonly line: number;
}

interface Sample extends Block {
  readonly title: string;
  readonly file: string;
  /** The `text` block that follows a sample is what it prints. */
  readonly output: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, info = '', code = ''] = match;
    const [language = '', ...words] = info.split(' ');
    return { language, words, code, line: text.slice(0, match.index).split('\n').length };
  });
}

function samplesOf(page: string): Sample[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, index) => {
    if (block.language !== 'ts') return [];
    const next = blocks[index + 1];
    const output = next?.language === 'text' ? next.code : '';
    // A sample that says what it is called can be imported by those after it.
    const [, name] = /^\/\/ ([\w-]+)\.ts$/m.exec(block.code) ?? [];
    const file = name ?? `${page.replaceAll(/\W+/g, '-')}-${block.line}`;
    return [{ ...block, title: `${page}:${block.line}`, file, output }];
  });
}

// A process for each sample, in real time, on a machine that is busy with other tests.
jest.setTimeout(90_000);
jest.retryTimes(2);

const samples = pages.flatMap(samplesOf);
let folder: string;

beforeAll(async () => {
  if (!existsSync(join(root, 'packages/io/dist/index.js'))) {
    throw new Error('the packages are not built; run `npm test`, or `npm run build`');
  }
  folder = await mkdtemp(join(tmpdir(), 'readme-'));
  await mkdir(join(folder, 'node_modules/@ambit'), { recursive: true });
  for (const name of ['core', 'sync', 'io']) {
    await symlink(join(root, 'packages', name), join(folder, 'node_modules/@ambit', name));
  }
  await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const { file, code } of samples) await writeFile(join(folder, `${file}.ts`), code);
});

afterAll(() => rm(folder, { recursive: true }));

test('the samples have no type errors and make modules', () => {
  const program = ts.createProgram({
    rootNames: samples.map(({ file }) => join(folder, `${file}.ts`)),
    options: {
      strict: true,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      rewriteRelativeImportExtensions: true,
      types: ['node'],
      // The declarations themselves are checked with the packed tarballs.
      skipLibCheck: true,
    },
  });
  const errors = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  expect(errors.map((error) => ts.flattenDiagnosticMessageText(error.messageText, '\n'))).toEqual(
    [],
  );
});

test.each(samples)('$title runs and prints what it says', async ({ file, output, words }) => {
  const isInterrupted = words.includes('ctrl-c');
  const child = spawn(process.execPath, [`${file}.js`], { cwd: folder });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    if (isInterrupted && !child.killed) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect({ out, err, end: signal ?? code }).toEqual({
    out: output,
    err: '',
    end: isInterrupted ? 'SIGINT' : 0,
  });
});

test('shell samples use scripts and packages that are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lines = pages
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'));
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) {
    const [, verb = '', rest = ''] = /^npm (\w+) ?([^#]*)/.exec(line) ?? [];
    if (verb === 'install') expect(rest).toMatch(/^@ambit\/(core|(sync|io) @ambit\/core)$/);
    else expect(Object.keys(scripts)).toContain(verb);
  }
});

test('every block of the pages is of a kind that is tried out', () => {
  const languages = pages.flatMap(blocksOf).map(({ language }) => language);
  const tried = ['ts', 'js', 'text', 'sh'];
  expect(languages.filter((language) => !tried.includes(language))).toEqual([]);
});

// What another program runs, as a test runner does: its own tests are elsewhere.
test('js samples can be parsed, and import what the packages export', () => {
  const blocks = pages.flatMap(blocksOf).filter(({ language }) => language === 'js');
  expect(blocks.length).toBeGreaterThan(0);
  for (const { code } of blocks) {
    const { diagnostics } = ts.transpileModule(code, {
      reportDiagnostics: true,
      fileName: 'sample.js',
      compilerOptions: { allowJs: true, module: ts.ModuleKind.ESNext },
    });
    expect(diagnostics).toEqual([]);
    for (const [, names = '', door = ''] of code.matchAll(
      /import \{ ([^}]+) \} from '@ambit\/(core[^']*)'/g,
    )) {
      const [name = '', ...parts] = door.split('/');
      const report = [name, ...parts].join('-');
      const text = readFileSync(join(root, 'packages', name, 'etc', `${report}.api.md`), 'utf8');
      for (const imported of names.split(', ')) {
        expect(text).toMatch(new RegExp(`^export .*\\b${imported}\\b`, 'm'));
      }
    }
  }
});

test('README.md stays within 150 lines', () => {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(150);
});

test.each([
  ['core', '## The map', '## The map of sync'],
  ['sync', '## The map of sync', '## The map of io'],
  ['io', '## The map of io', '## Arrows'],
])('ARCHITECTURE.md has each room of %s on its map, and none else', (name, from, to) => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const map = text.slice(text.indexOf(`${from}\n`), text.indexOf(`${to}\n`));
  const named = [...map.matchAll(/^- `([a-z-]+)\/`/gm)].map(([, room = '']) => room);
  const rooms = readdirSync(join(root, 'packages', name, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  expect(named.sort()).toEqual(rooms.sort());
});
