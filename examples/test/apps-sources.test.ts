import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const examples = join(__dirname, '..');
const apps = join(examples, 'apps');

/** The files of a feature have the same names everywhere, but for what each framework makes of them. */
const FEATURES: Readonly<Record<string, RegExp>> = {
  'type-ahead': /^search\./,
  'navigation that cancels': /^(things|detail)\./,
  'bounded loading with retries': /^price-?list\./,
  'upload with progress and cancel': /^photo\./,
  'polling with a pause': /^places\./,
  'optimistic save': /^basket(item)?\./,
  'all the rest': /^(main|app|errorboundary|failure|dom)\./,
};

function linesIn(app: string, pattern: RegExp): number {
  const files = readdirSync(join(apps, app)).filter((file) => pattern.test(file.toLowerCase()));
  const lines = files.flatMap((file) => readFileSync(join(apps, app, file), 'utf8').split('\n'));
  return lines.filter((line) => line.trim() !== '').length;
}

test('the page counts the lines of each app right', () => {
  const columns = ['react', 'vue', 'svelte', 'plain'];
  const rows = Object.entries(FEATURES).map(([feature, pattern]) =>
    [feature, ...columns.map((app) => String(linesIn(app, pattern)))].join(' | '),
  );
  const page = readFileSync(join(apps, 'README.md'), 'utf8');
  const table = /<!-- lines -->\n([^]*)<!-- \/lines -->/.exec(page)?.[1] ?? '';
  const shown = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
        .join(' | '),
    );
  expect(shown.slice(2)).toEqual(rows);
});

// Without what jest has set for itself.
const env = { ...process.env, NODE_ENV: undefined };

test.each([
  ['Vue', 'vue-tsc/bin/vue-tsc.js', '--noEmit', '-p', 'apps/tsconfig.json'],
  [
    ...(['Svelte', 'svelte-check/bin/svelte-check', '--workspace', 'apps/svelte'] as const),
    ...['--tsconfig', '../tsconfig.json', '--output', 'human'],
  ],
])(
  'the components of %s keep their types',
  (_name, program, ...args) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(examples, 'node_modules', program), ...args],
      { cwd: examples, encoding: 'utf8', env, timeout: 110_000 },
    );
    expect({ status, complaints: status === 0 ? '' : stdout }).toEqual({
      status: 0,
      complaints: '',
    });
  },
  120_000,
);
