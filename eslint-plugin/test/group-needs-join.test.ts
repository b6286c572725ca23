import { groupNeedsJoin } from '../src/rules/group-needs-join.mjs';
import { core, typed, untyped } from './rule-tester.ts';

const program = (body: string): string =>
  core(
    'TaskGroup',
    `async function f(work, x) {\n  await using group = new TaskGroup();\n${body}\n}`,
  );

const atEnd = (body: string) => ({
  messageId: 'missingJoin',
  data: { group: 'group' },
  suggestions: [{ messageId: 'join', data: { group: 'group' }, output: program(body) }],
});
const here = (body?: string) => ({
  messageId: 'missingJoinHere',
  data: { group: 'group' },
  suggestions: body ? [{ messageId: 'join', data: { group: 'group' }, output: program(body) }] : [],
});

untyped('group-needs-join', groupNeedsJoin, {
  valid: [
    { name: 'joined at the end', code: program('  group.spawn(work);\n  await group.join();') },
    {
      name: 'joined, and a value returned',
      code: program(
        '  const task = group.spawn(work);\n  await group.join();\n  return task.result();',
      ),
    },
    {
      name: 'joined by return',
      code: program('  group.spawn(work);\n  return await group.join();'),
    },
    { name: 'nothing spawned', code: program('  group.defer(work);\n  group.use(x);') },
    {
      name: 'left before the first task',
      code: program('  if (x) return;\n  group.spawn(work);\n  await group.join();'),
    },
    {
      name: 'cancelled on purpose',
      code: program('  group.spawn(work);\n  await x;\n  group.cancel();'),
    },
    {
      name: 'stopped on purpose',
      code: program('  group.spawn(work);\n  await x;\n  await group.stop();'),
    },
    {
      name: 'left early on purpose',
      code: program(
        '  group.spawn(work);\n  if (await x) { group.cancel("found"); return; }\n  await group.join();',
      ),
    },
    {
      name: 'a block that never ends by itself',
      code: program('  for (;;) group.spawn(await x());'),
    },
    {
      name: 'a block that throws',
      code: program('  group.spawn(work);\n  throw new Error("no");'),
    },
    {
      name: 'only daemons, which the end is to cancel',
      code: program('  group.spawn(work, { daemon: true });\n  await x;'),
    },
    {
      name: 'joined on both ways',
      code: program(
        '  group.spawn(work);\n  if (x) { await group.join(); return 1; } else { await group.join(); }\n  return 2;',
      ),
    },
    {
      name: 'joined in try, a failure handled',
      code: program(
        '  group.spawn(work);\n  try { await group.join(); } catch (error) { x(error); }',
      ),
    },
    {
      name: 'a failure before the join handled: not the normal path',
      code: program(
        '  try { group.spawn(work); await x(); await group.join(); } catch (error) { log(error); }',
      ),
    },
    {
      name: 'joined in finally',
      code: program('  try { group.spawn(work); await x; } finally { await group.join(); }'),
    },
    {
      name: 'spawned in a loop, joined after it',
      code: program('  for (const one of x) group.spawn(one);\n  await group.join();'),
    },
    {
      name: 'a loop left, and joined after it',
      code: program(
        '  for (const one of x) { group.spawn(one); if (one.last) break; }\n  await group.join();',
      ),
    },
    {
      name: 'a return in a function inside leaves that function',
      code: program('  group.spawn(() => { return 1; });\n  await group.join();'),
    },
    {
      name: 'the group of another block',
      code: core(
        'TaskGroup',
        'async function f(work) { { await using a = new TaskGroup(); a.spawn(work); await a.join(); } return 1; }',
      ),
    },
    {
      name: 'another variable of that name',
      code: program('  x.map((group) => group.spawn());'),
    },
    {
      name: 'not `await using`',
      code: core(
        'TaskGroup',
        'async function f(work) { const group = new TaskGroup(); group.spawn(work); }',
      ),
    },
    {
      name: 'somebody else’s resource',
      code: 'async function f() { await using pool = new Pool(); pool.spawn(); }',
    },
    {
      name: 'at the top of a module',
      code: core(
        'TaskGroup',
        'await using group = new TaskGroup();\ngroup.spawn(work);\nawait group.join();',
      ),
    },
  ],
  invalid: [
    {
      name: 'left at its end',
      code: program('  group.spawn(work);'),
      errors: [atEnd('  group.spawn(work);\n  await group.join();')],
    },
    {
      name: 'only one of the tasks awaited',
      code: program('  const a = group.spawn(work);\n  group.spawn(work);\n  await a;'),
      errors: [
        atEnd(
          '  const a = group.spawn(work);\n  group.spawn(work);\n  await a;\n  await group.join();',
        ),
      ],
    },
    {
      name: 'spawned again after the join',
      code: program('  group.spawn(work);\n  await group.join();\n  group.spawn(work);'),
      errors: [
        atEnd(
          '  group.spawn(work);\n  await group.join();\n  group.spawn(work);\n  await group.join();',
        ),
      ],
    },
    {
      name: 'left by return',
      code: program('  group.spawn(work);\n  return x;'),
      errors: [here('  group.spawn(work);\n  await group.join();\n  return x;')],
    },
    {
      name: 'a return that waits: its wait would come after the join',
      code: program('  const task = group.spawn(work);\n  return await task;'),
      errors: [here()],
    },
    {
      name: 'left by an early return, without a block around it',
      code: program('  group.spawn(work);\n  if (x) return;\n  await group.join();'),
      errors: [here()],
    },
    {
      name: 'left in a later turn of a loop than the one that spawned',
      code: program('  for (;;) {\n    if (await x()) return;\n    group.spawn(work);\n  }'),
      errors: [here()],
    },
    {
      name: 'joined on one way only',
      code: program('  group.spawn(work);\n  if (x) { await group.join(); }'),
      errors: [
        atEnd('  group.spawn(work);\n  if (x) { await group.join(); }\n  await group.join();'),
      ],
    },
    {
      name: 'given to somebody who may spawn',
      code: program('  addWork(group);'),
      errors: [atEnd('  addWork(group);\n  await group.join();')],
    },
    {
      name: 'spawned by a callback',
      code: program('  x.on("job", (job) => { group.spawn(job); });'),
      errors: [atEnd('  x.on("job", (job) => { group.spawn(job); });\n  await group.join();')],
    },
    {
      name: 'joined in a callback, which is another time',
      code: program('  group.spawn(work);\n  x.on("end", async () => { await group.join(); });'),
      errors: [
        atEnd(
          '  group.spawn(work);\n  x.on("end", async () => { await group.join(); });\n  await group.join();',
        ),
      ],
    },
    {
      name: 'a task that may be a daemon',
      code: program('  group.spawn(work, { daemon: x });'),
      errors: [atEnd('  group.spawn(work, { daemon: x });\n  await group.join();')],
    },
    {
      name: 'in a loop, left by break and by continue',
      code: core(
        'TaskGroup',
        `async function f(all) {
  for (const one of all) {
    await using group = new TaskGroup();
    group.spawn(one);
    if (one.last) break;
    if (one.skip) continue;
    await group.join();
  }
}`,
      ),
      errors: [here(), here()],
    },
    {
      name: 'in a switch inside the block, which break does not leave',
      code: program('  switch (x) { case 1: group.spawn(work); break; }'),
      errors: [atEnd('  switch (x) { case 1: group.spawn(work); break; }\n  await group.join();')],
    },
    {
      name: 'out of a labelled loop',
      code: core(
        'TaskGroup',
        `async function f(all) {
  each: for (const one of all) {
    await using group = new TaskGroup();
    for (const part of one) { group.spawn(part); if (part.last) { continue each; } }
    await group.join();
  }
}`,
      ),
      errors: [
        {
          messageId: 'missingJoinHere',
          suggestions: [
            {
              messageId: 'join',
              output: core(
                'TaskGroup',
                `async function f(all) {
  each: for (const one of all) {
    await using group = new TaskGroup();
    for (const part of one) { group.spawn(part); if (part.last) { await group.join();
    continue each; } }
    await group.join();
  }
}`,
              ),
            },
          ],
        },
      ],
    },
    {
      name: 'by another name, and by a namespace',
      code: `import { TaskGroup as Group } from '@ambit/core';
import * as core from '@ambit/core';
async function f(work) {
  await using a = new Group();
  a.spawn(work);
  await using b = new core.TaskGroup();
  b.spawn(work);
  return 1;
}`,
      errors: ['a', 'b'].map((group) => ({
        messageId: 'missingJoinHere',
        data: { group },
        suggestions: [
          {
            messageId: 'join',
            data: { group },
            output: `import { TaskGroup as Group } from '@ambit/core';
import * as core from '@ambit/core';
async function f(work) {
  await using a = new Group();
  a.spawn(work);
  await using b = new core.TaskGroup();
  b.spawn(work);
  await ${group}.join();
  return 1;
}`,
          },
        ],
      })),
    },
    {
      name: 'at the top of a module',
      code: core('TaskGroup', 'await using group = new TaskGroup();\ngroup.spawn(work);'),
      errors: [
        {
          messageId: 'missingJoin',
          suggestions: [
            {
              messageId: 'join',
              output: core(
                'TaskGroup',
                'await using group = new TaskGroup();\ngroup.spawn(work);\nawait group.join();',
              ),
            },
          ],
        },
      ],
    },
  ],
});

typed('group-needs-join, with types', groupNeedsJoin, {
  valid: [
    {
      name: 'somebody else’s class of that name',
      code: `declare class TaskGroup implements AsyncDisposable { spawn(): void; [Symbol.asyncDispose](): Promise<void>; }
async function f() { await using group = new TaskGroup(); group.spawn(); }`,
    },
    {
      name: 'a group that a function made, joined',
      code: core(
        'TaskGroup',
        'async function f(make: () => TaskGroup) { await using group = make(); group.spawn(() => 1); await group.join(); }',
      ),
    },
  ],
  invalid: [
    {
      name: 'a group that a function made',
      code: core(
        'TaskGroup',
        'async function f(make: () => TaskGroup) { await using group = make(); group.spawn(() => 1); }',
      ),
      errors: [
        {
          messageId: 'missingJoin',
          suggestions: [
            {
              messageId: 'join',
              output: core(
                'TaskGroup',
                'async function f(make: () => TaskGroup) { await using group = make(); group.spawn(() => 1);\nawait group.join(); }',
              ),
            },
          ],
        },
      ],
    },
  ],
});
