// Programs by seed: async functions and generators that call each other and look at their frames.

type Random = (below: number) => number;

/** A small generator of numbers (Park and Miller), the same on each machine. */
function randomOf(seed: number): Random {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

interface Place {
  readonly random: Random;
  readonly isGenerator: boolean;
  readonly depth: number;
  readonly isInLoop: boolean;
}

const FUNCTIONS = 4;
const GENERATORS = 3;
let looks = 0;

/** A program; it settles when everything in it has. */
export function programOf(seed: number): string {
  const random = randomOf(seed);
  looks = 0;
  const place = { random, depth: 0, isInLoop: false };
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, i) =>
      `async function f${i}(d) { if (d > 3 || --fuel < 0) { ${look()} return ${i}; } ${block({ ...place, isGenerator: false })} }`,
  );
  const generators = Array.from(
    { length: GENERATORS },
    (_, i) =>
      `async function* g${i}(d) { if (d > 3 || --fuel < 0) { ${look()} return ${i}; } ${block({ ...place, isGenerator: true })} }`,
  );
  const roots = [
    'run("A", () => f0(0))',
    'run("B", () => f1(0))',
    'f2(0)',
    'run("C", () => drain(g0(0)))',
  ];
  const drain = `async function drain(source) { for await (const item of source) { ${look()} void item; } }`;
  const body = [...functions, ...generators, drain].join('\n');
  return `let fuel = 150;\n${body}\nreturn Promise.allSettled([${roots.join(', ')}]);`;
}

function look(): string {
  return `look(${looks++});`;
}

function block(place: Place): string {
  const count = 1 + place.random(place.depth > 2 ? 2 : 4);
  return Array.from({ length: count }, () => statement(place)).join(' ') + look();
}

function statement(place: Place): string {
  const { random, isGenerator, depth } = place;
  const simple = isGenerator ? [...SIMPLE, ...OF_GENERATORS] : SIMPLE;
  const all = depth > 2 ? simple : [...simple, ...NESTED];
  const made = (all[random(all.length)] as Make)(place);
  return random(3) === 0 ? `${look()} ${made}` : made;
}

type Make = (place: Place) => string;
const fn = ({ random }: Place): string => `f${random(FUNCTIONS)}(d + 1)`;
const gen = ({ random }: Place): string => `g${random(GENERATORS)}(d + 1)`;
const inner = (place: Place): string => block({ ...place, depth: place.depth + 1 });
const inLoop = (place: Place): string =>
  block({ ...place, depth: place.depth + 1, isInLoop: true });
const frame = ({ random }: Place): string => ['"X"', '"Y"', 'undefined'][random(3)] as string;

const SIMPLE: Make[] = [
  () => look(),
  () => `await null; ${look()}`,
  () => `await new Promise((resolve) => queueMicrotask(resolve)); ${look()}`,
  () => `await { then(resolve) { ${look()} resolve(); } }; ${look()}`,
  () => `await Promise.resolve().then(() => { ${look()} }); ${look()}`,
  (place) => `await ${fn(place)}; ${look()}`,
  (place) => `{ const p = ${fn(place)}; ${look()} await p.catch(() => { ${look()} }); }`,
  (place) => `await run(${frame(place)}, () => ${fn(place)}); ${look()}`,
  (place) => `void ${fn(place)}.then(() => { ${look()} }, () => { ${look()} });`,
  (place) => `await Promise.all([${fn(place)}, ${fn(place)}]); ${look()}`,
  () => `if (d % 2) throw new Error('x');`,
  (place) => (place.isInLoop ? 'if (d % 2) break;' : look()),
  (place) => (place.isInLoop ? 'if (d % 3 === 0) continue;' : look()),
  () => `if (d === 3) return { then: undefined };`,
];

const NESTED: Make[] = [
  (place) => `try { ${inner(place)} } catch { ${look()} }`,
  (place) =>
    `try { await Promise.reject(new Error('y')); } catch { ${inner(place)} } finally { ${look()} }`,
  (place) => `try { ${inner(place)} } finally { ${look()} await null; ${look()} }`,
  (place) =>
    `try { await ${fn(place)}; throw {}; } catch ({ a = (() => { ${look()} })() }) { ${inner(place)} }`,
  (place) => `for await (const item of ${gen(place)}) { ${inLoop(place)} void item; }`,
  (place) =>
    `for await (const { a = (() => { ${look()} })() } of [1, Promise.resolve(2)]) { ${inLoop(place)} void a; }`,
  (place) => `for (let i = 0; i < 2; i++) { ${inLoop(place)} }`,
  (place) =>
    `out: { for await (const item of ${gen(place)}) { ${look()} if (d > 0) break out; void item; } } ${look()}`,
  (place) =>
    `out: for (const n of [1, 2]) for await (const item of ${gen(place)}) { ${look()} void [n, item]; continue out; }`,
  (place) => byHand(place),
];

function byHand(place: Place): string {
  const next = `await run(${frame(place)}, () => it.next()); ${look()}`;
  const ends = ['it.next()', 'it.next()', 'Promise.all([it.next(), it.next()])'];
  const end = `await ${ends[place.random(ends.length)]}; ${look()}`;
  const thrown = place.random(2)
    ? `try { await it.throw(new Error('z')); } catch { ${look()} }`
    : '';
  return `{ const it = ${gen(place)}; await it.next(); ${look()} ${thrown} ${place.random(2) ? next + 'await it.next();' : ''} ${end} }`;
}

const OF_GENERATORS: Make[] = [
  () => `yield 1; ${look()}`,
  () => `yield Promise.resolve(2); ${look()}`,
  (place) => `yield* ${gen(place)}; ${look()}`,
  () => `yield* [1, 2]; ${look()}`,
  () => `try { yield 3; ${look()} } catch { ${look()} } finally { ${look()} }`,
  () => `if (d === 2) return Promise.resolve(4);`,
];
