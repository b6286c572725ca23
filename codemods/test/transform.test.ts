import { transform } from '../src/transform.mjs';

const pLimit = "import pLimit from 'p-limit';\n";
const semaphore = "import { Semaphore } from '@ambit/sync';\n";
const gather = "import { gather } from '@ambit/core';\n";

test.each([
  {
    what: 'an argument of a constant',
    before: `${pLimit}const l = pLimit(1);\nconst x = 1;\nl(f, x);\n`,
    after: `${semaphore}const l = new Semaphore(1);\nconst x = 1;\nl.run(() => f(x));\n`,
  },
  {
    what: 'an alias of an import',
    before: "import { Mutex as M } from 'async-mutex';\nconst m = new M();\n",
    after: "import { Lock } from '@ambit/sync';\nconst m = new Lock();\n",
  },
  {
    what: 'an import that is there',
    before: `${gather}await Promise.all([f()]);\n`,
    after: `${gather}await gather([() => f()]);\n`,
  },
  {
    what: 'an import without a semicolon',
    before: 'import a from "a"\nawait Promise.all([a()])\n',
    after: 'import a from "a"\nimport { gather } from "@ambit/core"\nawait gather([() => a()])\n',
  },
  {
    what: 'a name that a function binds',
    before: 'export const f = (gather) => Promise.all([gather()]);\n',
    after:
      "import { gather as ambitGather } from '@ambit/core';\nexport const f = (gather) => ambitGather([() => gather()]);\n",
  },
  {
    what: 'a comment at the top',
    before: '// Copyright\nexport const f = () => Promise.all([g()]);\n',
    after: `${gather}// Copyright\nexport const f = () => gather([() => g()]);\n`,
  },
  {
    what: 'a `#!` and a directive',
    path: 'a.js',
    before: "#!/usr/bin/env node\n'use strict';\nconst a = require('a');\nPromise.all([a()]);\n",
    after:
      "#!/usr/bin/env node\n'use strict';\nconst { gather } = require('@ambit/core');\nconst a = require('a');\ngather([() => a()]);\n",
  },
  {
    what: 'one in another',
    before: 'export default Promise.all([f(Promise.all([g()]))]);\n',
    after: `${gather}export default gather([() => f(gather([() => g()]))]);\n`,
  },
  {
    what: 'an object in parentheses',
    before: 'export const r = Promise.all(x.map((y) => ({ y })));\n',
    after: `${gather}export const r = gather(x.map((y) => () => ({ y })));\n`,
  },
  {
    what: 'no promises at all',
    before: 'export const r = Promise.all([]);\n',
    after: `${gather}export const r = gather([]);\n`,
  },
])('moves $what', ({ before, after, path = 'a.mjs' }) => {
  const { code } = transform(before, { path });
  expect(code).toBe(after);
  expect(transform(code, { path }).code).toBe(after);
});

test.each([
  {
    code: `${pLimit}export const l = pLimit(1);\n`,
    reason: '"l" is exported, and other files use it in the old way',
  },
  { code: `${pLimit}let l = pLimit(1);\nl = pLimit(2);\n`, reason: '"l" is assigned again' },
  {
    code: `${pLimit}const l = pLimit(1);\nl.clearQueue();\n`,
    reason: '`clearQueue()` has no counterpart in Semaphore',
  },
  {
    code: `${pLimit}const l = pLimit(1);\nexport { l };\n`,
    reason: '"l" is given away in `l`, where it is used in the old way',
  },
  { code: `${pLimit}const make = pLimit;\n`, reason: '"pLimit" is used as a value' },
  {
    code: `${pLimit}const l = pLimit(options);\nconst { activeCount } = l;\n`,
    reason: '"l" is given away in `{ activeCount } = l`, where it is used in the old way',
  },
  {
    code: "import * as m from 'async-mutex';\nnew m.Mutex();\n",
    reason: 'the whole module is imported, for which there is no rule',
  },
  {
    code: "import pMap, { pMapSkip } from 'p-map';\nawait pMap(a, b);\n",
    reason: 'the file uses `pMapSkip`; filter the results of concurrentMap instead',
  },
  {
    code: "import pMap from 'p-map';\nawait pMap(...a);\n",
    reason: 'its arguments are spread or typed',
  },
  {
    code: "import pRetry, { AbortError } from 'p-retry';\nawait pRetry(a);\n",
    reason: 'the file throws `AbortError`; give `retry` a `when` instead',
  },
  {
    code: "import pTimeout, { TimeoutError } from 'p-timeout';\nawait pTimeout(a, { milliseconds: 1 });\nawait pTimeout(a, options());\nf(TimeoutError);\n",
    reason: 'the file compares errors with `TimeoutError`, and another call of p-timeout is left',
  },
  { code: "import Promise from 'bluebird';\nawait Promise.all([f()]);\n", reason: undefined },
  { code: 'Promise.all([f()]);\n', path: 'a.js', reason: 'the file is no module' },
  {
    code: 'export const f = () => Promise.all([, g()]);\n',
    reason: 'some promises of Promise.all have begun elsewhere, or are values',
  },
  {
    code: 'export const f = () => Promise.all(a.map(function () { return this.b(); }));\n',
    reason: 'the function of `map` has a `this` of its own',
  },
  {
    code: 'export async function* f() { await Promise.all([g(yield)]); }\n',
    reason: 'an element of Promise.all waits or assigns',
  },
  {
    code: 'export const f = (x?: X) => { let y = x; y ??= z; return Promise.all([y.g()]); };\n',
    path: 'a.ts',
    reason: 'an element of Promise.all reads a variable that changes',
  },
])('leaves, and says why: $reason', ({ code, reason, path = 'a.mjs' }) => {
  const result = transform(code, { path });
  if (reason === undefined) {
    expect(result).toEqual({ code, moved: [], left: [] });
    return;
  }
  expect(result.left.map((site) => site.reason)).toContain(reason);
  expect(result.code).toContain(`// ambit-codemods: left, because ${reason}\n`);
  const again = transform(result.code, { path });
  expect(again.code).toBe(result.code);
});

test('the comment stands before the statement, with its indent', () => {
  const code =
    'export async function f(p) {\n  if (p) {\n    return await Promise.all([p]);\n  }\n}\n';
  const reason = 'some promises of Promise.all have begun elsewhere, or are values';
  expect(transform(code).code).toBe(
    code.replace('    return', `    // ambit-codemods: left, because ${reason}\n    return`),
  );
});

test('`only` applies the rules that it names', () => {
  const code = `${pLimit}const l = pLimit(1);\nawait Promise.all([l(f)]);\n`;
  expect(transform(code, { only: ['p-limit'] }).code).toBe(
    `${semaphore}const l = new Semaphore(1);\nawait Promise.all([l.run(f)]);\n`,
  );
});

test('a file that cannot be parsed is an error that tells the place', () => {
  expect(() => transform('Promise.all([')).toThrow(/\(1:13\)/);
});
