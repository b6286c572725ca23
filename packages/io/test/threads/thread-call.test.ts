import { existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancelScope, moveOnAfter, sleep } from '@ambit/core';
import { WorkerPool } from '../../src/index.ts';

// A thread has core only if the code that it calls loads it, and loses nothing by that.

const fixture = (name: string): URL => pathToFileURL(join(__dirname, '../fixtures', name));
const bare = fixture('bare.mjs');

// Threads run the built package.
beforeAll(() => {
  if (!existsSync(join(__dirname, '../..', 'dist', 'worker-main.js')))
    throw new Error('the packages are not built; run `npm test`, or `npx tsc -b packages/io`');
});

function shared(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Cancels a call once it has begun; returns what it came to, and how far it got. */
async function cancelled(name: string, pool: WorkerPool): Promise<[unknown, number]> {
  const array = shared();
  const scope = new CancelScope();
  const called = scope.run(() => pool.run(bare, name, [array], { grace: 5000 }));
  while (Atomics.load(array, 0) === 0) await sleep(1);
  scope.cancel('not any more');
  return [await called, array[1] ?? -1];
}

test('a thread whose functions use no core does not load it, nor do their errors', async () => {
  await using pool = new WorkerPool({ size: 1 });
  expect(await pool.run(bare, 'add', [1, 2])).toBe(3);
  for (const name of ['fails', 'failsLater']) {
    const failing = pool.run(bare, name);
    await expect(failing).rejects.toMatchObject({ name: 'RangeError', code: 'E_BARE' });
  }
  await moveOnAfter(0, () => pool.run(bare, 'hasCoreLater'));
  expect(await pool.run(bare, 'hasCore')).toBe(false);
});

// rule 250
test.each(['waitLate', 'loadCancelled', 'pollLate'])(
  'a call that loads core itself is cancelled as any other: %s',
  async (name) => {
    await using pool = new WorkerPool({ size: 1 });
    expect(await cancelled(name, pool)).toEqual([undefined, 1]);
    expect(await pool.run(bare, 'hasCore')).toBe(true);
    expect(pool.statistics().threads).toBe(1);
  },
);

test('what a call left behind has its own scope, though core came later than its end', async () => {
  await using pool = new WorkerPool({ size: 1 });
  await pool.run(bare, 'leavesLate');
  const array = shared();
  const scope = new CancelScope();
  const called = scope.run(() => pool.run(bare, 'askEarlier', [array]));
  while (Atomics.load(array, 1) === 0) await sleep(1);
  expect(array[1]).toBe(2);
  scope.cancel();
  expect(await called).toBeUndefined();
});

test('what is awaited of a result is awaited in the scope of its call', async () => {
  await using pool = new WorkerPool({ size: 1 });
  expect(await pool.run(bare, 'lazy')).toBe('string');
});

test('what a call left to this turn is done before the next call', async () => {
  await using pool = new WorkerPool({ size: 1 });
  await pool.run(bare, 'add');
  await pool.run(bare, 'leavesTurns');
  expect(await pool.run(bare, 'turns')).toEqual(expect.arrayContaining(['tick', 'microtask']));
  await sleep(5);
  expect(await pool.run(bare, 'turns')).toEqual(['tick', 'microtask', 'timer']);
});

test('a function that replaces the global Promise takes no value from those after it', async () => {
  await using pool = new WorkerPool({ size: 1 });
  await pool.run(bare, 'replacePromise');
  expect(await pool.run(bare, 'hasCoreLater')).toBe(false);
  await expect(pool.run(bare, 'fails')).rejects.toMatchObject({ code: 'E_BARE' });
});

test('a module is loaded in the scope of no call: that of its first one may be cancelled', async () => {
  await using pool = new WorkerPool({ size: 1 });
  const module = fixture('top-level.mjs');
  expect(await moveOnAfter(5, () => pool.run(module, 'loadedIn'))).toBeUndefined();
  expect(await pool.run(module, 'loadedIn')).toBe('');
  expect(pool.statistics().threads).toBe(1);
});

test('core that was in the thread before is the same one', () => {
  const text = `import { WorkerPool } from '@ambit/io';
    const pool = new WorkerPool({ size: 1 });
    console.log(await pool.run(${JSON.stringify(fixture('work.mjs').href)}, 'scopes'));`;
  const program = ['--import', '@ambit/core', '--input-type=module', '-e', text];
  const output = execFileSync(process.execPath, program, { cwd: __dirname, encoding: 'utf8' });
  expect(output).toBe('true\n');
});
