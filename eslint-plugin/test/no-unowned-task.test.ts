import { noUnownedTask } from '../src/rules/no-unowned-task.mjs';
import { core, typed, untyped } from './rule-tester.ts';

const local = 'async function work() {}\n';
const suggest = (messageId: string, output: string, group = '') => ({
  messageId,
  data: { group },
  output,
});
const unowned = (...suggestions: ReturnType<typeof suggest>[]) => [
  { messageId: 'unownedTask', suggestions },
];
const unownedGroup = (output?: string) => [
  {
    messageId: 'unownedGroup',
    suggestions: output ? [suggest('awaitUsing', output, 'group')] : [],
  },
];
const group = (code: string): string => core('TaskGroup', code);

untyped('no-unowned-task, without types', noUnownedTask, {
  valid: [
    { name: 'awaited', code: `${local}async function f() { await work(); }` },
    { name: 'returned', code: `${local}function f() { return work(); }` },
    {
      name: 'given on',
      code: `${local}async function f() { await Promise.all([work(), work()]); }`,
    },
    { name: 'kept', code: `${local}const late = work();` },
    {
      name: 'spawned',
      code: `${local}taskGroup((group) => { group.spawn(() => work()); void group.spawn(work); });`,
    },
    {
      name: 'a failure that is seen to',
      code: `${local}work().catch(report); void work().catch(report);`,
    },
    {
      name: 'both outcomes seen to',
      code: `${local}work().then(go, report); work().catch(report).finally(end);`,
    },
    { name: 'a function that is not async', code: 'function work() {} work(); void work();' },
    { name: 'nobody knows', code: 'void work(); work(); things.work();' },
    { name: 'a generator does not start', code: 'async function* all() {} all();' },
    { name: 'what is discarded was there already', code: 'const late = f(); void late;' },
    { name: 'the run is its own owner', code: core('run', 'run(main); void run(main);') },
    {
      name: 'a test is its runner’s',
      code: 'import { test } from "node:test"; test("x", async () => {});',
    },
    {
      name: 'a test is its runner’s, by its default export',
      code: 'import test from "node:test"; test("x", async () => {});',
    },
    { name: 'somebody else’s sleep', code: 'import { sleep } from "./sleep.js"; sleep(1);' },
    { name: 'the void type', code: 'let x: void; f<void>();' },
    { name: 'await using', code: group('await using group = new TaskGroup();') },
    { name: 'returned to who owns it', code: group('function f() { return new TaskGroup(); }') },
    {
      name: 'returned later',
      code: group('function f() { const group = new TaskGroup(); group.spawn(g); return group; }'),
    },
    { name: 'given to a stack', code: group('const group = new TaskGroup(); stack.use(group);') },
    { name: 'given at once', code: group('const group = stack.use(new TaskGroup());') },
    {
      name: 'kept by an object',
      code: group(
        'class Server { #group = new TaskGroup(); constructor() { this.other = new TaskGroup(); } }',
      ),
    },
    { name: 'kept in a literal', code: group('const all = { group: new TaskGroup() };') },
    { name: 'exported', code: group('export const group = new TaskGroup();') },
    {
      name: 'ended in finally, by join',
      code: group(
        'async function f() { const group = new TaskGroup(); try { group.spawn(g); } finally { await group.join(); } }',
      ),
    },
    {
      name: 'ended in finally, by stop',
      code: group(
        'async function f() { const group = new TaskGroup(); try { group.spawn(g); } finally { await group.stop(); } }',
      ),
    },
    {
      name: 'ended in finally, by its symbol',
      code: group(
        'async function f() { const group = new TaskGroup(); try { group.spawn(g); } finally { await group[Symbol.asyncDispose](); } }',
      ),
    },
    { name: 'somebody else’s class', code: 'import { Pool } from "x"; new Pool();' },
  ],
  invalid: [
    {
      name: 'discarded by void',
      code: `${local}async function f() { void work(); }`,
      errors: unowned(suggest('await', `${local}async function f() { await work(); }`)),
    },
    {
      name: 'left floating',
      code: `${local}async function f() { work(); }`,
      errors: unowned(suggest('await', `${local}async function f() { await work(); }`)),
    },
    {
      name: 'where nobody can await',
      code: `${local}function f() { work(); }`,
      errors: unowned(),
    },
    {
      name: 'where taskGroup gives a group',
      code: `${local}taskGroup(async (tasks) => { void work(1); });`,
      errors: unowned(
        suggest(
          'spawn',
          `${local}taskGroup(async (tasks) => { tasks.spawn(() => work(1)); });`,
          'tasks',
        ),
        suggest('await', `${local}taskGroup(async (tasks) => { await work(1); });`, 'tasks'),
      ),
    },
    {
      name: 'where run gives a group, in a callback',
      code: `${local}run((group) => { on("x", () => void work()); });`,
      errors: unowned(
        suggest(
          'spawn',
          `${local}run((group) => { on("x", () => group.spawn(() => work())); });`,
          'group',
        ),
      ),
    },
    {
      name: 'where a group is a parameter',
      code: `${local}function f(group: TaskGroup) { work(); }`,
      errors: unowned(
        suggest(
          'spawn',
          `${local}function f(group: TaskGroup) { group.spawn(() => work()); }`,
          'group',
        ),
      ),
    },
    {
      name: 'where a group was made before',
      code: group(`${local}async function f() { await using group = new TaskGroup(); work(); }`),
      errors: unowned(
        suggest(
          'spawn',
          group(
            `${local}async function f() { await using group = new TaskGroup(); group.spawn(() => work()); }`,
          ),
          'group',
        ),
        suggest(
          'await',
          group(
            `${local}async function f() { await using group = new TaskGroup(); await work(); }`,
          ),
          'group',
        ),
      ),
    },
    {
      name: 'an argument that waits cannot move into a function',
      code: `${local}taskGroup(async (group) => { work(await x()); });`,
      errors: unowned(
        suggest(
          'await',
          `${local}taskGroup(async (group) => { await work(await x()); });`,
          'group',
        ),
      ),
    },
    {
      name: 'an async function called at once',
      code: '(async () => { await x(); })();',
      errors: unowned(suggest('await', 'await (async () => { await x(); })();')),
    },
    {
      name: 'a promise’s own function',
      code: 'void Promise.all([a(), b()]);',
      errors: unowned(suggest('await', 'await Promise.all([a(), b()]);')),
    },
    {
      name: 'a chain that sees to values only',
      code: `${local}work().then(go);`,
      errors: unowned(suggest('await', `${local}await work().then(go);`)),
    },
    {
      name: 'a chain that only ends',
      code: `${local}void work().finally(end);`,
      errors: unowned(suggest('await', `${local}await work().finally(end);`)),
    },
    {
      name: 'a function of core',
      code: core('sleep', 'sleep(10);'),
      errors: unowned(suggest('await', core('sleep', 'await sleep(10);'))),
    },
    {
      name: 'a function of core, by another name',
      code: 'import { gather as all } from "@ambit/core"; all([]);',
      errors: unowned(
        suggest('await', 'import { gather as all } from "@ambit/core"; await all([]);'),
      ),
    },
    {
      name: 'if',
      code: `${local}x && work();`,
      errors: unowned(suggest('await', `${local}x && await work();`)),
    },
    {
      name: 'one or the other',
      code: `${local}x ? work(1) : void work(2);`,
      errors: [
        {
          messageId: 'unownedTask',
          suggestions: [suggest('await', `${local}x ? await work(1) : void work(2);`)],
        },
        {
          messageId: 'unownedTask',
          suggestions: [suggest('await', `${local}x ? work(1) : await work(2);`)],
        },
      ],
    },
    {
      name: 'one after the other',
      code: `${local}x(), work();`,
      errors: unowned(suggest('await', `${local}x(), await work();`)),
    },
    {
      name: 'the body of an arrow function',
      code: `${local}on("x", () => void work());`,
      errors: unowned(),
    },
    {
      name: 'a group that nobody has',
      code: group('new TaskGroup();'),
      errors: unownedGroup(),
    },
    {
      name: 'a group in a variable',
      code: group('async function f() { const group = new TaskGroup(); group.spawn(g); }'),
      errors: unownedGroup(
        group('async function f() { await using group = new TaskGroup(); group.spawn(g); }'),
      ),
    },
    {
      name: 'a group that is joined only if nothing throws before',
      code: group(
        'async function f() { const group = new TaskGroup(); group.spawn(g); await group.join(); }',
      ),
      errors: unownedGroup(
        group(
          'async function f() { await using group = new TaskGroup(); group.spawn(g); await group.join(); }',
        ),
      ),
    },
    {
      name: 'a group under `using`, which does not wait',
      code: group('async function f() { using group = new TaskGroup(); }'),
      errors: unownedGroup(group('async function f() { await using group = new TaskGroup(); }')),
    },
    {
      name: 'a group where nobody can await',
      code: group('function f() { const group = new TaskGroup(); group.spawn(g); }'),
      errors: unownedGroup(),
    },
    {
      name: 'two groups in one declaration',
      code: group('const a = new TaskGroup(), group = new TaskGroup();'),
      errors: [
        { messageId: 'unownedGroup', suggestions: [] },
        { messageId: 'unownedGroup', suggestions: [] },
      ],
    },
    {
      name: 'a group by another name, and by require',
      code: 'const { TaskGroup: Group } = require("@ambit/core"); const core = require("@ambit/core"); new Group(); new core.TaskGroup();',
      errors: [
        { messageId: 'unownedGroup', suggestions: [] },
        { messageId: 'unownedGroup', suggestions: [] },
      ],
    },
  ],
});

const all = (code: string): string =>
  `import { createTask, Future, sleep, taskGroup, TaskGroup } from '@ambit/core';
declare const things: { work(): Promise<void>; maybe(): Promise<void> | undefined; size(): number; };
${code}`;

typed('no-unowned-task, with types', noUnownedTask, {
  valid: [
    { name: 'a value', code: all('things.size(); void things.size();') },
    {
      name: 'a task is its group’s',
      code: all('void taskGroup; createTask(() => things.work());'),
    },
    {
      name: 'a task of a group',
      code: all('export const f = (group: TaskGroup) => void group.spawn(() => things.work());'),
    },
    {
      name: 'what is stopped has an owner',
      code: all(
        'export const f = (group: TaskGroup) => { void group.stop(); void group.spawn(() => 1).stop(); };',
      ),
    },
    {
      name: 'a query that starts only when it is awaited',
      code: all('declare function query(): PromiseLike<number>; query();'),
    },
    {
      name: 'somebody else’s TaskGroup',
      code: 'declare class TaskGroup { add(): void; } new TaskGroup();',
    },
    {
      name: 'a promise that is there already only calls back',
      code: all(
        'declare const late: Promise<number>, x: { done: Promise<void> }; void late.then(String); void x.done.finally(() => {});',
      ),
    },
    { name: 'any', code: all('declare const x: any; x(); void x.y();') },
  ],
  invalid: [
    {
      name: 'a method',
      code: all('void things.work();'),
      errors: unowned(suggest('await', all('await things.work();'))),
    },
    {
      name: 'a promise or nothing',
      code: all('things.maybe();'),
      errors: unowned(suggest('await', all('await things.maybe();'))),
    },
    {
      name: 'if there is one',
      code: all('declare const x: typeof things | undefined; x?.work();'),
      errors: unowned(
        suggest('await', all('declare const x: typeof things | undefined; await x?.work();')),
      ),
    },
    {
      name: 'a class that extends Promise, and a promise with more to it',
      code: all(
        'class Late extends Promise<number> {} declare function late(): Late; declare function both(): Promise<number> & { pid: number }; late(); both();',
      ),
      errors: [
        {
          messageId: 'unownedTask',
          suggestions: [
            suggest(
              'await',
              all(
                'class Late extends Promise<number> {} declare function late(): Late; declare function both(): Promise<number> & { pid: number }; await late(); both();',
              ),
            ),
          ],
        },
        {
          messageId: 'unownedTask',
          suggestions: [
            suggest(
              'await',
              all(
                'class Late extends Promise<number> {} declare function late(): Late; declare function both(): Promise<number> & { pid: number }; late(); await both();',
              ),
            ),
          ],
        },
      ],
    },
    {
      name: 'joining is not stopping: its failure is lost',
      code: all('export const f = (group: TaskGroup) => void group.join();'),
      errors: unowned(
        suggest(
          'spawn',
          all('export const f = (group: TaskGroup) => group.spawn(() => group.join());'),
          'group',
        ),
      ),
    },
    {
      name: 'a renamed function that gives a promise',
      code: all('const later = sleep; later(10);'),
      errors: unowned(suggest('await', all('const later = sleep; await later(10);'))),
    },
    {
      name: 'any, where the file says what it is',
      code: all('const work: any = async () => {}; work();'),
      errors: unowned(suggest('await', all('const work: any = async () => {}; await work();'))),
    },
  ],
});
