import { evaluate, logOf, rewritten, slotted } from './support/frames.ts';
import * as door from '../../packages/core/src/ambient.ts';
import { transform } from '../src/transform.mjs';

/** What an async function logs that is called in frame A, with the frame of its caller at the end. */
async function inA(body: string, names = {}): Promise<string[]> {
  const program = `const f = async () => { ${body} };\nconst p = run('A', f); look('caller'); return p.catch((e) => { log.push(String(e)); });`;
  const log = await logOf(rewritten(program), slotted, names);
  expect(door.slot.value).toBeUndefined();
  return log;
}

const source = 'async function* source() { yield { b: 1 }; yield {}; }';

test.each([
  ['a statement', `await null; look(1);`],
  ['an operand', `const x = 1 + await 2 * (await 3); look(x === 7 ? 1 : 'wrong');`],
  ['a label', `out: for (const a of [1]) { await null; continue out; } look(1);`],
  ['a single statement', `if (true) await null; else await 1; look(1);`],
  [
    'if, for await, else',
    `${source} if (true) for await (const a of source()) void a; else look(2); look(1);`,
  ],
  ['defaults of catch', `try { await Promise.reject({}); } catch ({ a = look(1) }) { let look; }`],
  ['defaults of for await', `${source} for await (const { b = look(1) } of source()) await null;`],
  [
    'a target of for await',
    `${source} const o = { set a(v) { if (!v.b) look(1); } }; for await (o.a of source());`,
  ],
  ['break to a block', `${source} a: { for await (const x of source()) break a; } look(1);`],
  [
    'two functions of one name',
    `var g; function g() { look(2); } await g; function g() { look(1); } g();`,
  ],
  ['an arrow of one expression', `await (async () => (await 1, look(1)))();`],
  [
    'class fields and accessors',
    `class C { f = async () => { await 1; look(1); }; get g() { return this.f(); } } await new C().g;`,
  ],
  ['default parameters', `await (async (a, b = () => look(1)) => { await a; b(); })();`],
  ['a promise callback', `await Promise.resolve().then(() => look(1));`],
  [
    'a timer by globalThis',
    `await new Promise((r) => globalThis.setTimeout((r, n) => { look(n); r(); }, 1, r, 1));`,
  ],
])('%s keeps its frame after a wait', async (_, body) => {
  expect(await inA(body, { setTimeout })).toEqual(['caller: -', '1: A']);
});

test.each([
  ['using', 'using', 'Symbol.dispose'],
  ['await using', 'await using', 'Symbol.asyncDispose'],
])('%s disposes in the frame, the newest first', async (_, keyword, symbol) => {
  const body = `const r = (n) => ({ [${symbol}]() { look(n); } });
    { ${keyword} a = r(2), b = r(1); await null; } look(3);
    for (${keyword} c of [r(4)]) await null;
    try { ${keyword} d = { [${symbol}]() { throw new Error('late'); } }; await null; throw new Error('early'); }
    catch (error) { log.push(error.error.message + ', ' + error.suppressed.message); look(5); }`;
  expect(await inA(body)).toEqual([
    'caller: -',
    '1: A',
    '2: A',
    '3: A',
    '4: A',
    'late, early',
    '5: A',
  ]);
});

test('a listener runs in the frame of its dispatcher, or of where it was added, and can be removed', async () => {
  const body = `const l = () => look('heard'); target.addEventListener('x', l); target.addEventListener('x', l); await null;
    run('B', () => target.dispatchEvent(new Event('x'))); run(undefined, () => target.dispatchEvent(new Event('x')));
    target.removeEventListener('x', l); target.dispatchEvent(new Event('x'));`;
  const log = await inA(body, { target: new EventTarget(), Event });
  expect(log).toEqual(['caller: -', 'heard: B', 'heard: A']);
});

test.each([
  ['an object that is no thenable', `const o = {}; look((await o) === o);`, 'true: A'],
  ['a getter of then, read once', `let n = 0; await { get then() { n++; } }; look(n);`, '1: A'],
  [
    'a function that is thenable',
    `look(await Object.assign(() => 1, { then(r) { r(2); } }));`,
    '2: A',
  ],
  ['a subclass of Promise', `class P extends Promise {} look(await new P((r) => r(3)));`, '3: A'],
  [
    'a getter that throws',
    `try { await { get then() { throw 4; } }; } catch (e) { look(e); }`,
    '4: A',
  ],
  ['null', `look(await null);`, 'null: A'],
])('what is awaited is as it was: %s', async (_, body, seen) => {
  expect(await inA(body)).toEqual(['caller: -', seen]);
});

test('a generator that was left early leaves no frame behind', async () => {
  const body = `async function* g() { try { yield 1; } finally { await null; look('finally'); } }
    for await (const x of g()) break; look(1);`;
  expect(await inA(body)).toEqual(['caller: -', 'finally: A', '1: A']);
});

test('directives and `#!` stay first', () => {
  expect(transform(`'use client'\nx.then(y)`)?.code).toMatch(/^'use client';import/);
  expect(transform(`#!/usr/bin/env node\nx.then(y)`)?.code).toMatch(/^#!.*\n;import/);
});

test('modules import the door; CommonJS and scripts require it', () => {
  expect(transform(`export const a = x.then(y)`)?.code).toContain('import * as $ambit');
  expect(transform(`exports.a = x.then(y)`)?.code).toContain('require("@ambit/core/ambient")');
  expect(transform(`with (a) b.then(c)`)?.code).toContain('require("@ambit/core/ambient")');
});

test('what was rewritten is left alone, and code without waits', () => {
  for (const code of ['async () => { await 1; }', 'exports.a = async () => { await 1; }'])
    expect(transform(transform(code)?.code ?? '')).toBeUndefined();
  expect(transform('export const a = 1')).toBeUndefined();
  expect(transform('async () => 1')).toBeUndefined();
});

test('a program’s own names are never taken', async () => {
  expect(await inA(`const $ambit = 1, $call = 2; await null; look($ambit + $call);`)).toEqual([
    'caller: -',
    '3: A',
  ]);
});

test('what was rewritten twice is right all the same', async () => {
  const once = rewritten(
    `return run('A', async () => { const o = {}; look((await o) === o); for await (const a of [1]) look(a); });`,
  );
  const twice = transform(
    once.replace('require("@ambit/core/ambient")', 'require(["@ambit/core/ambient"][0])'),
    { id: 'a.cjs' },
  );
  expect(await logOf(twice?.code ?? '', slotted)).toEqual(['true: A', '1: A']);
});

test('code that cannot be parsed is a SyntaxError', () => {
  expect(() => transform('async () => { await }')).toThrow(SyntaxError);
  expect(evaluate('return 1', {})).toBe(1);
});
