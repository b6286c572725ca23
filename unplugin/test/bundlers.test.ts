import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Real bundlers, each in a process of its own, on a project in a directory of its own.
jest.setTimeout(120_000);

async function printedBy(fixture: string, ...args: string[]): Promise<unknown> {
  const program = join(__dirname, 'fixtures', fixture);
  const env = { ...process.env, NODE_ENV: undefined, NODE_OPTIONS: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { env });
  return JSON.parse(stdout);
}

interface Bundled {
  readonly printed: string;
  readonly line: string;
}

const bundle = async (...args: string[]): Promise<Bundled> =>
  (await printedBy('bundle.mjs', ...args)) as Bundled;

/** What the app prints: a package that awaits and calls back has not been rewritten, unless `include` names it. */
const seen = (isCalledBackInside: boolean): string =>
  JSON.stringify({
    'called back': [isCalledBackInside, 'third party'],
    numbers: [1, 2],
    cancelled: true,
  });

const source = readFileSync(join(__dirname, 'fixtures/apps/src/app.ts'), 'utf8');
const line = source.split('the scope is lost')[0]?.split('\n').length;

describe.each(['esbuild', 'rollup', 'rolldown', 'vite', 'webpack', 'rspack'])(
  'an app bundled by %s',
  (bundler) => {
    // Rollup has no modes.
    const modes = bundler === 'rollup' ? ['development'] : ['development', 'production'];

    test.each(modes)('keeps its scope after an await, and its source map, in %s', async (mode) => {
      const made = await bundle(bundler, mode, '{}');
      expect(made).toEqual({ printed: seen(false), line: `app.ts:${String(line)}` });
    });
  },
);

test.each([
  ['include takes packages too', { include: ['**/third-party/**', 'src/**'] }, seen(true)],
  ['exclude leaves files alone', { exclude: '**/app.ts' }, 'Error: the scope is lost'],
])('%s', async (_, options, printed) => {
  const made = await bundle('rolldown', 'development', JSON.stringify(options));
  expect(made.printed).toBe(printed);
});

test('without the plugin the scope is lost', async () => {
  expect((await bundle('esbuild', 'development')).printed).toBe('Error: the scope is lost');
});

const components = {
  react: [true, true],
  vue: [true, true],
  svelte: [true, true],
  solid: [true, true],
};

test('components of React, Vue, Svelte and Solid keep their scope, also in a module that Vite has replaced', async () => {
  const [first, second] = (await printedBy('frameworks.mjs', 'development')) as { page: number }[];
  expect(first).toEqual({ page: first?.page, seen: components, work: 'first: cancelled' });
  // The same page: it was not loaded once more.
  expect(second).toEqual({ page: first?.page, work: 'second: cancelled' });
});

test('components keep their scope as Vite builds them for production', async () => {
  const [first] = (await printedBy('frameworks.mjs', 'production')) as { page: number }[];
  expect(first).toEqual({ page: first?.page, seen: components, work: 'first: cancelled' });
});
