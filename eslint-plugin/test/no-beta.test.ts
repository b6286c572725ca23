import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BETA_DOORS, noBeta } from '../src/rules/no-beta.mjs';
import { typed, untyped } from './rule-tester.ts';

const door = (name: string) => [{ messageId: 'door', data: { door: name } }];

test('the rule and the page name the doors that are beta', () => {
  const program =
    "import { betaDoors } from './scripts/doors.mjs'; console.log(JSON.stringify(betaDoors()))";
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
  });
  const doors = JSON.parse(stdout) as string[];
  expect([...BETA_DOORS].sort()).toEqual(doors.sort());
  const page = readFileSync(join(__dirname, '../../docs/stability.md'), 'utf8');
  const listed = [...page.matchAll(/`(@ambit\/\w+\/[\w-]+)`/g)].map(([, name]) => name);
  expect(listed.sort()).toEqual(doors);
});

untyped('no-beta, without types', noBeta, {
  valid: [
    { name: 'a stable door', code: "import { sleep } from '@ambit/core';" },
    { name: 'a stable door beside', code: "import { park } from '@ambit/core/lowlevel';" },
    { name: 'another package of that ending', code: "import { x } from 'ambit/core/inspect';" },
    { name: 'no source', code: 'export { x }; const x = 1; require(x); import(x);' },
  ],
  invalid: [
    {
      name: 'an import',
      code: "import { snapshot } from '@ambit/core/inspect';",
      errors: door('@ambit/core/inspect'),
    },
    {
      name: 'types only',
      code: "import type { PgPool } from '@ambit/io/pg';",
      errors: door('@ambit/io/pg'),
    },
    {
      name: 'a whole door',
      code: "import * as lease from '@ambit/sync/lease';",
      errors: door('@ambit/sync/lease'),
    },
    {
      name: 'exported again',
      code: "export { elect } from '@ambit/sync/lease'; export * from '@ambit/sync/redis';",
      errors: [...door('@ambit/sync/lease'), ...door('@ambit/sync/redis')],
    },
    {
      name: 'when it is needed',
      code: "const { snapshot } = await import('@ambit/core/inspect');",
      errors: door('@ambit/core/inspect'),
    },
    {
      name: 'by CommonJS',
      code: "const { serveInspector } = require('@ambit/io/inspect');",
      errors: door('@ambit/io/inspect'),
    },
  ],
});

const trial = (code: string) => `/// <reference path="./beta.d.ts" />\n${code}`;
const name = { messageId: 'name', data: { name: 'early', door: '@ambit/trial' } };

typed('no-beta, with types', noBeta, {
  valid: [
    { name: 'a stable name', code: trial("import { late } from '@ambit/trial';\nlate();") },
    { name: 'of core', code: "import { sleep, type Task } from '@ambit/core';" },
  ],
  invalid: [
    {
      name: 'a name that is beta, of a door that is not',
      code: trial("import { early, late } from '@ambit/trial';\nearly();\nlate();"),
      errors: [name],
    },
    {
      name: 'under another name',
      code: trial("import { early as first } from '@ambit/trial';\nfirst();"),
      errors: [name],
    },
    {
      name: 'exported again',
      code: trial("export { early } from '@ambit/trial';"),
      errors: [name],
    },
  ],
});
