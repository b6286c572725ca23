import { Linter } from 'eslint';
import { configs } from '../src/index.mjs';
import { scopeAfterAwait } from '../src/rules/scope-after-await.mjs';
import { core, untyped } from './rule-tester.ts';

const call = { messageId: 'call' };
const maker = { messageId: 'maker' };
const reader = { messageId: 'reader' };

untyped('scope-after-await', scopeAfterAwait, {
  valid: [
    {
      name: 'before the first await',
      code: core('sleep', 'async function f() { await sleep(1); }'),
    },
    {
      name: 'with a signal',
      code: core(
        'sleep, gather, TaskGroup, taskGroup, CancelScope',
        `async function f(task, tasks) {
           await other();
           await sleep(1, { signal: task.signal });
           await gather(tasks, { limit: 2, 'signal': task.signal });
           new CancelScope({ parent: task.scope });
           new TaskGroup({ signal: task.signal });
           await taskGroup(tasks, { parent: task.scope });
         }`,
      ),
    },
    {
      name: 'with options that may have one',
      code: core(
        'sleep',
        `async function f(options, all) {
           await other();
           await sleep(1, options);
           await sleep(1, { ...options });
           await sleep(1, { [options.key]: 1 });
           await sleep(...all);
         }`,
      ),
    },
    {
      name: 'a way without an await, and one that has returned',
      code: core(
        'sleep, currentScope',
        `async function f(isFast) {
           if (isFast) {
             await other();
             return;
           }
           const scope = currentScope();
           return sleep(1);
         }`,
      ),
    },
    {
      name: 'a body that begins in its scope',
      code: core(
        'taskGroup, sleep',
        `async function f(group) {
           await other();
           group.spawn(() => sleep(1));
           group.spawn(async () => sleep(1));
         }`,
      ),
    },
    {
      name: 'at the top of a module there is no scope',
      code: core('sleep', 'await other(); await sleep(1);'),
    },
    {
      name: 'functions of other libraries, and others of ours',
      code: `import { sleep } from 'elsewhere';
         import { detached, isCancelled } from '@ambit/core';
         async function f(error) { await other(); await sleep(1); detached(f); isCancelled(error); }`,
    },
    {
      name: 'a generator goes on in the frame of the code that asks',
      code: core('sleep', 'async function* f() { await other(); yield 1; await sleep(1); }'),
    },
    {
      name: 'sources and clauses, the last of which may be options',
      code: `import { merge } from '@ambit/core/iter';
         async function f(a, b, signal) { await other(); return merge(a, b) ?? merge(a, { signal }); }`,
    },
  ],
  invalid: [
    {
      name: 'after an await',
      code: core('sleep', 'async function f() { await sleep(1); await sleep(1); }'),
      errors: [call],
    },
    {
      name: 'by another name, of a namespace, of other doors',
      code: `import { sleep as pause } from '@ambit/core';
         import * as ambit from '@ambit/core';
         import { interval } from '@ambit/core/iter';
         import { forever } from '@ambit/core/abort';
         import { select } from '@ambit/sync';
         const f = async (events) => {
           await other();
           await pause(1, { value: 1 });
           await ambit.race([f], {});
           interval(1);
           await forever();
           await select(select.receive(events));
         };`,
      errors: [call, call, call, call, call],
    },
    {
      name: 'what makes a scope, and what asks for it',
      code: core(
        'TaskGroup, CancelScope, taskGroup, currentScope, currentTask, contextSnapshot',
        `async function f(body) {
           await other();
           new TaskGroup();
           new CancelScope({ timeout: 1 });
           await taskGroup(body);
           currentScope();
           currentTask();
           contextSnapshot();
         }`,
      ),
      errors: [maker, maker, maker, reader, reader, reader],
    },
    {
      name: 'in a loop, the second time',
      code: core('sleep', 'async function f() { for (;;) await sleep(1); }'),
      errors: [call],
    },
    {
      name: 'on one of two ways',
      code: core(
        'sleep',
        'async function f(a) { if (a) await other(); try { await sleep(1); } finally { await sleep(2); } }',
      ),
      errors: [call, call],
    },
    {
      name: 'in a catch block, whose try waits',
      code: core(
        'sleep',
        'async function f() { try { await other(); } catch { return sleep(1); } }',
      ),
      errors: [call],
    },
    {
      name: 'in and after a loop that waits for its items',
      code: core(
        'throwIfCancelled, yieldNow',
        'async function f(a) { for await (const b of a) throwIfCancelled(b && undefined, 1) || yieldNow(); }',
      ),
      errors: [call],
    },
    {
      name: 'after a loop that waits for its items',
      code: core(
        'yieldNow',
        'async function f(a) { for await (const b of a) b(); await yieldNow(); }',
      ),
      errors: [call],
    },
    {
      name: 'after a block that waits for its end',
      code: core('sleep', 'async function f(a) { { await using b = a(); } await sleep(1); }'),
      errors: [call],
    },
  ],
});

test('it is part of the configuration for browsers, and not of the recommended one', () => {
  expect(configs.recommended.rules).not.toHaveProperty('@ambit/scope-after-await');
  const code = core('sleep', 'export async function f() { await sleep(1); await sleep(1); }');
  const messages = new Linter().verify(code, [configs.browser as never]);
  expect(messages.map(({ ruleId }) => ruleId)).toEqual(['@ambit/scope-after-await']);
});
