import { RuleTester, type RunTests } from '@typescript-eslint/rule-tester';
import { join } from 'node:path';
import type { noUnownedTask } from '../src/rules/no-unowned-task.mjs';

type Check = (name: string, rule: typeof noUnownedTask, tests: RunTests<string, []>) => void;

// The tester's own types are those of another version of the same package.
const checkBy =
  (tester: RuleTester): Check =>
  (name, rule, tests) => {
    tester.run(name, rule as never, tests);
  };

/** What a rule finds without types: in plain JavaScript, and where the configuration has no type information. */
export const untyped: Check = checkBy(new RuleTester());

/** What it finds with types, as `projectService` gives them. */
export const typed: Check = checkBy(
  new RuleTester({
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.ts'], defaultProject: 'tsconfig.json' },
        tsconfigRootDir: join(__dirname, 'fixture'),
      },
    },
  }),
);

/** A sample that begins with what it imports from core. */
export const core = (names: string, code: string): string =>
  `import { ${names} } from '@ambit/core';\n${code}`;
