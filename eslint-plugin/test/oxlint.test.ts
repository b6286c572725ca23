import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { configs } from '../src/index.mjs';

// oxlint loads plugins made for ESLint; it has no type information for them.

const plugin = join(__dirname, '../src/index.mjs');
const oxlint = join(
  dirname(createRequire(__filename).resolve('oxlint/package.json')),
  'bin/oxlint',
);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'oxlint-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function reported(code: string): string[] {
  writeFileSync(join(folder, 'program.ts'), code);
  const configuration = {
    jsPlugins: [{ name: '@ambit', specifier: plugin }],
    categories: { correctness: 'off' },
    rules: configs.recommended.rules,
  };
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify(configuration));
  const args = [oxlint, '--format', 'json', 'program.ts'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
  return diagnostics.map(({ code: rule }) => rule).sort();
}

test('each rule reports under oxlint', () => {
  const code = `
    import { sleep, TaskGroup } from '@ambit/core';
    import { snapshot } from '@ambit/core/inspect';
    export async function all(work) {
      sleep(1);
      {
        await using group = new TaskGroup();
        group.spawn(work);
      }
      for (;;) {
        try {
          await work();
        } catch (error) {
          console.log(error);
        }
      }
    }
    export async function one() {
      await using group = new TaskGroup();
      return sleep(1);
    }
  `;
  expect(reported(code)).toEqual(
    Object.keys(configs.recommended.rules)
      .map((rule) => rule.replace(/^(.*)\/(.*)$/, '$1($2)'))
      .sort(),
  );
});

test('code that owns its tasks passes', () => {
  const code = `
    import { sleep, taskGroup } from '@ambit/core';
    export const program = (work) =>
      taskGroup(async (group) => {
        const task = group.spawn(work);
        await sleep(1);
        return await task;
      });
  `;
  expect(reported(code)).toEqual([]);
});
