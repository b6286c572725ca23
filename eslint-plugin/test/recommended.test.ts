import { Linter } from 'eslint';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';
import plugin, { configs, rules } from '../src/index.mjs';

const names = Object.keys(rules);

test('recommended has every rule but that for browsers: mistakes as errors, beta names as warnings', () => {
  expect(configs.recommended.rules).toEqual(
    Object.fromEntries(
      names
        .filter((name) => name !== 'scope-after-await')
        .map((name) => [`@ambit/${name}`, name === 'no-beta' ? 'warn' : 'error']),
    ),
  );
});

test.each(names)('%s says what it is for, and the README tells about it', (name) => {
  const rule = (rules as Record<string, (typeof rules)['no-unowned-task']>)[name];
  const { description } = rule?.meta.docs as { description: string };
  expect(description).toMatch(/^(Disallow|Require) /);
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  expect(readme).toContain(`\n## ${name}\n`);
  expect(readme).toContain(`[${name}](#${name})`);
});

test('the version is that of the package', () => {
  const manifest = readFileSync(join(__dirname, '../package.json'), 'utf8');
  expect(plugin.meta).toMatchObject(pick(JSON.parse(manifest), 'name', 'version'));
});

test.each([
  { of: 'plain JavaScript', language: { ecmaVersion: 2026, sourceType: 'module' } as const },
  { of: 'TypeScript', language: { parser: tseslint.parser } },
])('each rule reports in $of, by the recommended configuration', ({ language }) => {
  const code = `
    import { sleep, TaskGroup } from '@ambit/core';
    import { snapshot } from '@ambit/core/inspect';
    async function all(work) {
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
    async function one() {
      await using group = new TaskGroup();
      return sleep(1);
    }
  `;
  const configuration = [{ languageOptions: language }, configs.recommended as never];
  const messages = new Linter().verify(code, configuration);
  expect(messages.map(({ ruleId }) => ruleId)).toEqual([
    '@ambit/no-beta',
    '@ambit/no-unowned-task',
    '@ambit/group-needs-join',
    '@ambit/no-swallowed-cancellation',
    '@ambit/return-await-under-using',
  ]);
});

function pick(from: unknown, ...keys: readonly string[]): Record<string, unknown> {
  const all = from as Record<string, unknown>;
  return Object.fromEntries(keys.map((key) => [key, all[key]]));
}
