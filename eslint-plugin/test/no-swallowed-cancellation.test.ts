import { noSwallowedCancellation } from '../src/rules/no-swallowed-cancellation.mjs';
import { untyped } from './rule-tester.ts';

/** A clause in a function that goes on after it. */
const clause = (body: string, tried = 'await work();', param = ' (error)'): string =>
  `async function f() { try { ${tried} } catch${param} {${body}} more(); }`;
/** A clause in a loop with nothing else in it. */
const loop = (body: string, head = 'for (;;)', after = ''): string =>
  `async function f(all) { ${head} { try { await work(); } catch (error) {${body}} ${after}} }`;

const rethrow = ' if (isCancelled(error)) throw error;';
const swallowed = (output?: string) => [
  { messageId: 'swallowed', suggestions: output ? [{ messageId: 'rethrow', output }] : [] },
];
const inLoop = (output: string) => [
  { messageId: 'swallowedInLoop', suggestions: [{ messageId: 'rethrow', output }] },
];

untyped('no-swallowed-cancellation', noSwallowedCancellation, {
  valid: [
    { name: 'rethrown', code: clause(' throw error; ') },
    {
      name: 'rethrown as something else',
      code: clause(' throw new Error("no", { cause: error }); '),
    },
    {
      name: 'rethrown unless it is known',
      code: clause(' if (!(error instanceof RangeError)) throw error; '),
    },
    { name: 'returned from', code: clause(' log(error); return; ') },
    { name: 'asked about', code: clause(' if (isCancelled(error)) throw error; log(error); ') },
    { name: 'asked about, by a namespace', code: clause(' log(core.isCancelled(error)); ') },
    { name: 'checked', code: clause(' log(error); throwIfCancelled(); ') },
    { name: 'checked, by a scope', code: clause(' log(error); scope.throwIfCancelled(); ') },
    { name: 'checked, by a signal', code: clause(' log(error); signal.throwIfAborted(); ') },
    { name: 'checked, by its state', code: clause(' if (!signal.aborted) log(error); ') },
    { name: 'known by its name', code: clause(' if (error.name !== "AbortError") log(error); ') },
    { name: 'known by its code', code: clause(' if (error.code !== "ABORT_ERR") log(error); ') },
    { name: 'the clause waits itself', code: clause(' await sleep(10); ') },
    { name: 'the clause waits in a loop', code: clause(' for await (const x of y) log(x); ') },
    { name: 'the process ends', code: clause(' log(error); process.exit(1); ') },
    { name: 'given to a promise', code: clause(' reject(error); ') },
    { name: 'given to who waits', code: clause(' waker.fail(error); ') },
    { name: 'given to a callback', code: clause(' next(error); ') },
    { name: 'given to a listener', code: clause(' emitter.emit("error", error); ') },
    { name: 'kept in a variable', code: clause(' failure = error; ') },
    { name: 'kept unless there is one', code: clause(' failure ??= error; ') },
    { name: 'given to a method of one’s own', code: clause(' this.#failed(error); ') },
    { name: 'kept in a list', code: clause(' failures.push(error); ') },
    {
      name: 'the last thing of a function',
      code: 'async function f() { try { await work(); } catch (error) { log(error); } }',
    },
    {
      name: 'the last thing of a branch, at the end of a function',
      code: 'const f = async () => { if (x) { try { await work(); } catch {} } else { y(); } };',
    },
    {
      name: 'the last thing of a method, inside another try',
      code: 'class C { async m() { try { try { await work(); } catch { log(); } } catch (e) { throw e; } } }',
    },
    {
      name: 'what was found is returned at once',
      code: 'async function f() { let found = 1; try { found = await work(); } catch { found = 2; } return found; }',
    },
    { name: 'nothing is awaited', code: clause(' log(error); ', 'work();') },
    {
      name: 'awaited in a function inside',
      code: clause(' log(error); ', 'later(async () => { await work(); });'),
    },
    { name: 'a module is loaded', code: clause(' log(error); ', 'await import("x");') },
    {
      name: 'no catch clause',
      code: 'async function f() { try { await work(); } finally { done(); } more(); }',
    },
    {
      name: 'at the top of a module',
      code: 'try { await work(); } catch (error) { log(error); }\nmore();',
    },
    {
      name: 'at the top of a module, in a loop',
      code: 'for (;;) { try { await work(); } catch (error) { log(error); } }',
    },
    { name: 'a loop that is left by break', code: loop(' log(error); break; ') },
    {
      name: 'a loop that is left by a label',
      code: 'async function f() { all: for (;;) { for (;;) { try { await work(); } catch { break all; } } } }',
    },
    {
      name: 'a loop that waits before its next turn, in the clause',
      code: loop(' log(error); await sleep(100); '),
    },
    { name: 'a loop that checks', code: loop(' log(error); await checkpoint(); ') },
    {
      name: 'a generator that gives the word to its consumer',
      code: 'async function* f() { for (;;) { try { await work(); } catch (error) { yield error; } } }',
    },
    {
      name: 'an event handler as the last thing',
      code: 'on("x", async () => { try { await work(); } catch (error) { log(error); } });',
    },
  ],
  invalid: [
    {
      name: 'logged, and on it goes',
      code: clause(' log(error); '),
      errors: swallowed(clause(`${rethrow} log(error); `)),
    },
    {
      name: 'nothing done, and no name for the error',
      code: clause('', 'await work();', ''),
      errors: swallowed(clause(rethrow, 'await work();')),
    },
    {
      name: 'taken apart: no name to rethrow',
      code: clause(' log(message); ', 'await work();', ' ({ message })'),
      errors: swallowed(),
    },
    {
      name: 'a default taken',
      code: clause(' value = 1; '),
      errors: swallowed(clause(`${rethrow} value = 1; `)),
    },
    {
      name: 'only its message kept',
      code: clause(' failure = error.message; '),
      errors: swallowed(clause(`${rethrow} failure = error.message; `)),
    },
    {
      name: 'another error given on',
      code: clause(' reject(new Error("no")); '),
      errors: swallowed(clause(`${rethrow} reject(new Error("no")); `)),
    },
    {
      name: 'given to somebody’s method, a log say',
      code: clause(' this.log.warn(error); '),
      errors: swallowed(clause(`${rethrow} this.log.warn(error); `)),
    },
    {
      name: 'given to a method of one’s own in a loop that goes on',
      code: loop(' this.#failed(error); '),
      errors: inLoop(loop(`${rethrow} this.#failed(error); `)),
    },
    {
      name: 'a throw in a function inside is another’s',
      code: clause(' later(() => { throw error; }); '),
      errors: swallowed(clause(`${rethrow} later(() => { throw error; }); `)),
    },
    {
      name: 'for await',
      code: clause(' log(error); ', 'for await (const x of y) use(x);'),
      errors: swallowed(clause(`${rethrow} log(error); `, 'for await (const x of y) use(x);')),
    },
    {
      name: 'await using',
      code: clause(' log(error); ', 'await using x = open();'),
      errors: swallowed(clause(`${rethrow} log(error); `, 'await using x = open();')),
    },
    {
      name: 'what comes after the clause does more than return what is there',
      code: 'async function f() { try { await work(); } catch (error) { log(error); } return next(); }',
      errors: swallowed(
        `async function f() { try { await work(); } catch (error) {${rethrow} log(error); } return next(); }`,
      ),
    },
    {
      name: 'the end of a branch, and more after it',
      code: 'async function f() { if (x) { try { await work(); } catch (error) { log(error); } } more(); }',
      errors: swallowed(
        `async function f() { if (x) { try { await work(); } catch (error) {${rethrow} log(error); } } more(); }`,
      ),
    },
    {
      name: 'before a finally block, which is more',
      code: 'async function f() { try { try { await work(); } catch (error) { log(error); } } finally { more(); } }',
      errors: swallowed(
        `async function f() { try { try { await work(); } catch (error) {${rethrow} log(error); } } finally { more(); } }`,
      ),
    },
    {
      name: 'in an endless loop',
      code: loop(' log(error); '),
      errors: inLoop(loop(`${rethrow} log(error); `)),
    },
    {
      name: 'continue',
      code: loop(' log(error); continue; ', 'while (true)'),
      errors: inLoop(loop(`${rethrow} log(error); continue; `, 'while (true)')),
    },
    {
      name: 'a break that leaves a switch only',
      code: loop(' switch (error.code) { case 1: break; } '),
      errors: inLoop(loop(`${rethrow} switch (error.code) { case 1: break; } `)),
    },
    {
      name: 'a break that leaves a loop of the clause only',
      code: loop(' for (const x of all) { if (x) break; } '),
      errors: inLoop(loop(`${rethrow} for (const x of all) { if (x) break; } `)),
    },
    {
      name: 'kept, while the loop goes on',
      code: loop(' last = error; ', 'for (const one of all)'),
      errors: inLoop(loop(`${rethrow} last = error; `, 'for (const one of all)')),
    },
    {
      name: 'collected, while the loop goes on',
      code: loop(' failures.push(error); ', 'do', '} while (x); {'),
      errors: inLoop(loop(`${rethrow} failures.push(error); `, 'do', '} while (x); {')),
    },
    {
      name: 'a loop that waits elsewhere does not spin',
      code: loop(' log(error); ', 'for (;;)', 'await sleep(10); '),
      errors: swallowed(loop(`${rethrow} log(error); `, 'for (;;)', 'await sleep(10); ')),
    },
    {
      name: 'a loop over what comes does not spin',
      code: loop(' log(error); ', 'for await (const one of all)'),
      errors: swallowed(loop(`${rethrow} log(error); `, 'for await (const one of all)')),
    },
    {
      name: 'two clauses',
      code: 'async function f() { for (;;) { try { await a(); } catch (e) {} try { await b(); } catch (e) {} } }',
      errors: [
        {
          messageId: 'swallowed',
          suggestions: [
            {
              messageId: 'rethrow',
              output:
                'async function f() { for (;;) { try { await a(); } catch (e) { if (isCancelled(e)) throw e;} try { await b(); } catch (e) {} } }',
            },
          ],
        },
        {
          messageId: 'swallowed',
          suggestions: [
            {
              messageId: 'rethrow',
              output:
                'async function f() { for (;;) { try { await a(); } catch (e) {} try { await b(); } catch (e) { if (isCancelled(e)) throw e;} } }',
            },
          ],
        },
      ],
    },
  ],
});
