import { returnAwaitUnderUsing } from '../src/rules/return-await-under-using.mjs';
import { typed, untyped } from './rule-tester.ts';

const missing = (names: string) => [{ messageId: 'missingAwait', data: { names } }];
const notAsync = (names: string) => [{ messageId: 'notAsync', data: { names } }];

untyped('return-await-under-using, without types', returnAwaitUnderUsing, {
  valid: [
    {
      name: 'awaited',
      code: 'async function f() { await using held = await lock.acquire(); return await Promise.all([a()]); }',
    },
    {
      name: 'awaited, under a cast',
      code: 'async function f() { using held = g(); return (await Promise.all([a()])) as string[]; }',
    },
    { name: 'no resource', code: 'async function f() { return Promise.all([a()]); }' },
    {
      name: 'nothing returned',
      code: 'async function f() { await using held = await open(); return; }',
    },
    {
      name: 'a value',
      code: 'async function f() { await using file = await open(); return { size: 1 }; }',
    },
    {
      name: 'the resource is released before, in a block of its own',
      code: 'async function f() { { await using held = await lock.acquire(); } return Promise.all([a()]); }',
    },
    {
      name: 'the resource is declared after',
      code: 'async function f() { if (a) return Promise.resolve(1); await using held = await lock.acquire(); }',
    },
    {
      name: 'the resource is that of the function around',
      code: 'async function f() { await using held = await open(); return await run(() => { return Promise.resolve(1); }); }',
    },
    {
      name: 'an async generator awaits what it returns',
      code: 'async function* f() { await using held = await open(); return Promise.resolve(1); }',
    },
    {
      name: 'a call that nothing says is a promise',
      code: 'async function f() { await using held = await open(); return held.size(); }',
    },
    {
      name: 'a function of this file that is not async',
      code: 'function g() { return 1; } async function f() { await using held = await open(); return g(); }',
    },
    {
      name: 'a variable that may hold another function by now',
      code: 'let g = async () => 1; g = () => 2; async function f() { using held = open(); return g(); }',
    },
    {
      name: 'somebody else’s sleep',
      code: 'import { sleep } from "./sleep.js"; async function f() { using held = open(); return sleep(1); }',
    },
    {
      name: 'a resource of another case’s block',
      code: 'async function f(x) { switch (x) { case 1: { using held = open(); break; } case 2: return Promise.resolve(1); } }',
    },
  ],
  invalid: [
    {
      name: 'a promise’s own function',
      code: 'async function f() { await using held = await lock.acquire(); return Promise.all([a()]); }',
      output:
        'async function f() { await using held = await lock.acquire(); return await Promise.all([a()]); }',
      errors: missing('held'),
    },
    {
      name: 'a new promise',
      code: 'const f = async () => { using held = open(); return new Promise(() => {}); };',
      output: 'const f = async () => { using held = open(); return await new Promise(() => {}); };',
      errors: missing('held'),
    },
    {
      name: 'a chain',
      code: 'async function f() { using held = open(); return import("x").then((x) => x.y); }',
      output:
        'async function f() { using held = open(); return await import("x").then((x) => x.y); }',
      errors: missing('held'),
    },
    {
      name: 'an async function of this file',
      code: 'async function g() {} async function f() { using held = open(); return g(); }',
      output: 'async function g() {} async function f() { using held = open(); return await g(); }',
      errors: missing('held'),
    },
    {
      name: 'an async function of this file in a const',
      code: 'const g = async () => 1; async function f() { using held = open(); return g(); }',
      output:
        'const g = async () => 1; async function f() { using held = open(); return await g(); }',
      errors: missing('held'),
    },
    {
      name: 'a function of core, renamed',
      code: 'import { sleep as nap } from "@ambit/core"; async function f() { using held = open(); return nap(1); }',
      output: null,
      errors: missing('held'),
    },
    {
      name: 'a function of core, by its namespace',
      code: 'import * as core from "@ambit/core"; async function f() { using held = open(); return core.gather([]); }',
      output: null,
      errors: missing('held'),
    },
    {
      name: 'a function of core, by require',
      code: 'const { gather } = require("@ambit/core"); async function f() { using held = open(); return gather([]); }',
      output: null,
      errors: missing('held'),
    },
    {
      name: 'one of two values',
      code: 'async function f(x) { using held = open(); return x ? 1 : Promise.resolve(2); }',
      output:
        'async function f(x) { using held = open(); return await (x ? 1 : Promise.resolve(2)); }',
      errors: missing('held'),
    },
    {
      name: 'what comes last, or if there is nothing else',
      code: 'async function f(x) { using held = open(); return (x(), x ?? Promise.resolve(2)); }',
      output:
        'async function f(x) { using held = open(); return (await (x(), x ?? Promise.resolve(2))); }',
      errors: missing('held'),
    },
    {
      name: 'inside a block, the resource around it',
      code: 'async function f(x) { using held = open(); if (x) { for (;;) return Promise.resolve(1); } }',
      output:
        'async function f(x) { using held = open(); if (x) { for (;;) return await Promise.resolve(1); } }',
      errors: missing('held'),
    },
    {
      name: 'the resource of a loop',
      code: 'async function f(all) { for (await using one of all) return Promise.resolve(1); }',
      output:
        'async function f(all) { for (await using one of all) return await Promise.resolve(1); }',
      errors: missing('one'),
    },
    {
      name: 'the resource of the head of a loop',
      code: 'async function f() { for (using one = open(); ; ) return Promise.resolve(1); }',
      output:
        'async function f() { for (using one = open(); ; ) return await Promise.resolve(1); }',
      errors: missing('one'),
    },
    {
      name: 'the resource of an earlier case',
      code: 'async function f(x) { switch (x) { case 1: using held = open(); default: return Promise.resolve(1); } }',
      output:
        'async function f(x) { switch (x) { case 1: using held = open(); default: return await Promise.resolve(1); } }',
      errors: missing('held'),
    },
    {
      name: 'the nearest resource is named',
      code: 'async function f() { using a = open(); { using b = open(), c = open(); return Promise.resolve(1); } }',
      output:
        'async function f() { using a = open(); { using b = open(), c = open(); return await Promise.resolve(1); } }',
      errors: missing('c'),
    },
    {
      name: 'a function that is not async: nothing to put in',
      code: 'function f() { using held = open(); return Promise.resolve(1); }',
      output: null,
      errors: notAsync('held'),
    },
  ].map(({ output, code, ...test }) => ({
    ...test,
    code,
    // Three cases differ in one place only.
    output:
      output ??
      (test.errors[0]?.messageId === 'notAsync'
        ? null
        : code.replace(/return (?=\w+[.(])/, 'return await ')),
  })),
});

const held = `import { sleep, taskGroup, TaskGroup } from '@ambit/core';
declare function open(): Disposable;
`;

typed('return-await-under-using, with types', returnAwaitUnderUsing, {
  valid: [
    {
      name: 'a value that a function gives',
      code: `${held}async function f() { using x = open(); return Math.random(); }`,
    },
    {
      name: 'somebody’s own, without then',
      code: `${held}async function f(own: { catch(): void }) { using x = open(); return own; }`,
    },
    {
      name: 'a then that is no function',
      code: `${held}async function f(own: { then: number }) { using x = open(); return own; }`,
    },
    {
      name: 'a value of any type: nothing is known',
      code: `${held}async function f(own: any) { using x = open(); return own; }`,
    },
  ],
  invalid: [
    {
      name: 'a promise in a variable',
      code: `${held}async function f() { using x = open(); const late = sleep(1); return late; }`,
      output: `${held}async function f() { using x = open(); const late = sleep(1); return await late; }`,
      errors: missing('x'),
    },
    {
      name: 'a task of the group that cancels it',
      code: `${held}async function f() { await using group = new TaskGroup(); return group.spawn(() => 1); }`,
      output: `${held}async function f() { await using group = new TaskGroup(); return await group.spawn(() => 1); }`,
      errors: missing('group'),
    },
    {
      name: 'what only has a then',
      code: `${held}async function f(query: PromiseLike<number>) { using x = open(); return query; }`,
      output: `${held}async function f(query: PromiseLike<number>) { using x = open(); return await query; }`,
      errors: missing('x'),
    },
    {
      name: 'a promise or nothing',
      code: `${held}async function f(late?: Promise<number>) { using x = open(); return late; }`,
      output: `${held}async function f(late?: Promise<number>) { using x = open(); return await late; }`,
      errors: missing('x'),
    },
    {
      name: 'under an assertion',
      code: `${held}async function f(late: unknown) { using x = open(); return late as Promise<number>; }`,
      output: `${held}async function f(late: unknown) { using x = open(); return await (late as Promise<number>); }`,
      errors: missing('x'),
    },
    {
      name: 'of a type parameter',
      code: `${held}async function f<P extends Promise<number>>(late: P) { using x = open(); return late; }`,
      output: `${held}async function f<P extends Promise<number>>(late: P) { using x = open(); return await late; }`,
      errors: missing('x'),
    },
    {
      name: 'a function that is not async',
      code: `${held}function f(): Promise<number> { using x = open(); return taskGroup(() => 1); }`,
      errors: notAsync('x'),
    },
  ],
});
