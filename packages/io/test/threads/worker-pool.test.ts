import {
  CancelScope,
  currentTask,
  gather,
  isCancelled,
  moveOnAfter,
  run as runProgram,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  BrokenWorkerError,
  BusyResourceError,
  ClosedResourceError,
  toThread,
  workerScope,
  WorkerPool,
} from '../../src/index.ts';

const path = join(__dirname, '../fixtures', 'work.mjs');
const work = pathToFileURL(path);

// Threads run the built package.
beforeAll(() => {
  if (!existsSync(join(__dirname, '../..', 'dist', 'worker-main.js')))
    throw new Error('the packages are not built; run `npm test`, or `npx tsc -b packages/io`');
});

/** [0]: the function has begun; [1]: how far it got. */
function shared(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

async function untilSet(array: Int32Array, index = 0): Promise<void> {
  while (Atomics.load(array, index) === 0) await sleep(1);
}

const failure = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (reason: unknown) => reason as Error & Record<string, unknown>,
  );

describe('a call in a thread', () => {
  test('has the arguments, and gives what the function returns', async () => {
    await using pool = new WorkerPool({ size: 1 });
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
    expect(await pool.run(work, 'later', [1, { of: [new Date(0)] }])).toEqual({
      of: [new Date(0)],
    });
    expect(await pool.run(work, 'add')).toBeNaN();
  });

  test('finds its module by URL, by path, and by a path from here', async () => {
    await using pool = new WorkerPool({ size: 1 });
    for (const module of [work, work.href, path, relative(process.cwd(), path)]) {
      expect(await pool.run(module, 'add', [1, 1])).toBe(2);
    }
    expect(await pool.run('node:path', 'basename', ['/a/b'])).toBe('b');
  });

  test('calls functions of CommonJS modules too', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const module = join(__dirname, '../fixtures', 'work.cjs');
    expect(await pool.run(module, 'computed', [2])).toBe(4);
    expect(await pool.run(module, 'inScope', [])).toBe(true);
  });

  test('is in another thread, and keeps it for the next', async () => {
    await using pool = new WorkerPool({ size: 2 });
    const first = await pool.run<number>(work, 'thread');
    expect(first).toBeGreaterThan(0);
    expect(await pool.run(work, 'thread')).toBe(first);
    const both = await gather([
      () => pool.run(work, 'later', [20]),
      () => pool.run(work, 'thread'),
    ]);
    expect(both[1]).not.toBe(first);
    expect(pool.statistics()).toEqual({ size: 2, threads: 2, busy: 0, waiting: 0 });
  });

  test('hands over what is to be transferred', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const [moved, copied] = [new ArrayBuffer(8), new ArrayBuffer(4)];
    expect(await pool.run(work, 'length', [moved], { transfer: [moved] })).toBe(8);
    expect(moved.byteLength).toBe(0);
    expect(await pool.run(work, 'length', [copied])).toBe(4);
    expect(copied.byteLength).toBe(4);
  });

  test('goes on in the context of its caller', async () => {
    await taskGroup(async (group) => {
      const pool = new WorkerPool({ size: 1 });
      const seen = group.spawn(
        async () => {
          await pool.run(work, 'later', [1]);
          return currentTask()?.name;
        },
        { name: 'the caller' },
      );
      expect(await seen).toBe('the caller');
    });
  });

  test('leaves alone what its module does on its own between calls', async () => {
    await using pool = new WorkerPool({ size: 1 });
    await pool.run(work, 'startTicking');
    await sleep(40);
    expect(await pool.run<number>(work, 'countTicks')).toBeGreaterThan(1);
  });

  test.each<[string, unknown[], RegExp]>([
    ['a module that is none', [5, 'f'], /^run: module is 5; give a URL, for example new URL/],
    ['no module', ['', 'f'], /^run: module is ""/],
    ['no name', [work, ''], /^run: name is ""; give a string/],
    ['a function', [work, () => 1], /^run: name is function/],
    ['arguments that are no array', [work, 'add', 1], /^run: args is 1; give an array/],
    ['a transfer list that is none', [work, 'add', [], { transfer: 1 }], /transfer is 1; give an/],
    ['a policy', [work, 'add', [], { onCancel: 'stop' }], /onCancel is "stop"; give 'cooperate'/],
    ['a time', [work, 'add', [], { grace: -1 }], /grace is -1; give milliseconds/],
    ['a signal', [work, 'add', [], { signal: 1 }], /signal is 1, not an AbortSignal/],
    ['options', [work, 'add', [], 1], /^run: options is 1/],
  ])('refuses %s', async (_what, args, message) => {
    await using pool = new WorkerPool();
    const call = pool.run.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    await expect(call(...args)).rejects.toThrow(message);
    expect(pool.statistics()).toMatchObject({ threads: 0, busy: 0, waiting: 0 });
  });

  test.each<[object, RegExp]>([
    [{ size: 0 }, /^WorkerPool: size is 0; give a whole number from 1/],
    [{ maxQueue: -1 }, /maxQueue is -1/],
    [{ idleTimeout: NaN }, /idleTimeout is NaN/],
    [{ resourceLimits: 5 }, /resourceLimits/],
  ])('a pool refuses %j', (options, message) => {
    expect(() => new WorkerPool(options)).toThrow(message);
  });

  test('with arguments that cannot be sent fails, and the thread is free again', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const error = await failure(pool.run(work, 'add', [() => 1]));
    expect(error.message).toMatch(
      /^run: the arguments of add of .* cannot be sent: .*; give plain/,
    );
    expect(error).toMatchObject({ name: 'TypeError', cause: { name: 'DataCloneError' } });
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
  });
});

describe('what goes wrong in a thread', () => {
  test('what is thrown without a text hides neither the module, nor the function', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const module = join(folder, 'textless.mjs');
    const thrower = '{ get value() { throw Object.create(null); } }';
    writeFileSync(join(folder, 'broken.mjs'), 'throw Object.create(null);');
    writeFileSync(
      module,
      `export const f = () => (${thrower});\nexport const g = async () => f();`,
    );
    await using pool = new WorkerPool({ size: 1 });
    const broken = await failure(pool.run(join(folder, 'broken.mjs'), 'f'));
    expect(broken.message).toMatch(/broken\.mjs cannot be loaded: something that has no text$/);
    for (const name of ['f', 'g']) {
      const error = await failure(pool.run(module, name));
      expect(error.message).toMatch(/returned what cannot leave its thread: something/);
    }
    const cause = { message: Object.create(null) as unknown };
    const argument = {
      get value() {
        throw cause;
      },
    };
    const error = await failure(pool.run(work, 'add', [argument]));
    expect(error.message).toMatch(/arguments of add of .* cannot be sent: something/);
    expect(error.cause).toBe(cause);
    rmSync(folder, { recursive: true });
  });

  test('a thread that cannot start is no fault of the arguments', async () => {
    const refusal = new RangeError('this program may start no threads');
    const resourceLimits = {
      get maxOldGenerationSizeMb(): number {
        throw refusal;
      },
    };
    await using pool = new WorkerPool({ size: 1, resourceLimits });
    for (let call = 0; call < 2; call += 1) {
      await expect(pool.run(work, 'add', [1, 2])).rejects.toBe(refusal);
      expect(pool.statistics()).toEqual({ size: 1, threads: 0, busy: 0, waiting: 0 });
    }
  });

  test('a module that is not there, or that has no such function, is named', async () => {
    await using pool = new WorkerPool({ size: 1 });
    await expect(pool.run('/no/such.mjs', 'f')).rejects.toMatchObject({
      message: expect.stringMatching(
        /file:\/\/\/no\/such\.mjs cannot be loaded: Cannot find/,
      ) as string,
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(pool.run(work, 'nothing')).rejects.toThrow(
      `${work.href} does not export nothing; its exports are: add, `,
    );
    await expect(pool.run(work, 'notAFunction')).rejects.toThrow(
      `${work.href} exports notAFunction, no function`,
    );
  });

  test.each([
    ['object.mjs', 'export default { twice: (n) => n * 2 };'],
    ['function.mjs', 'export default Object.assign(() => 1, { twice: (n) => n * 2 });'],
    ['bare.cjs', 'module.exports = Object.assign(Object.create(null), { twice: (n) => n * 2 });'],
    ['common.cjs', 'module.exports = { twice: (n) => n * 2 };'],
  ])('what every object inherits is no export: %s', async (file, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    try {
      writeFileSync(join(folder, file), text);
      await using pool = new WorkerPool({ size: 1 });
      expect(await pool.run(join(folder, file), 'twice', [21])).toBe(42);
      for (const name of [
        'constructor',
        'toString',
        '__proto__',
        'hasOwnProperty',
        'call',
        'bind',
      ]) {
        await expect(pool.run(join(folder, file), name, ['x'])).rejects.toThrow(
          `does not export ${name}`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('an error comes with class, code, causes, properties and both stacks', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const theCaller = (): Promise<unknown> => pool.run(work, 'fails');
    const error = await failure(theCaller());
    expect(error).toBeInstanceOf(RangeError);
    expect(error.constructor.name).toBe('OddError');
    expect(error).toMatchObject({
      name: 'Odd',
      message: 'odd',
      code: 'E_ODD',
      details: { of: [1, 2] },
      inner: { name: 'TypeError', message: 'inner' },
      cause: { name: 'TypeError', message: 'deep', code: 'E_DEEP' },
    });
    expect(error).not.toHaveProperty('broken');
    expect(error.stack).toMatch(/at fails .*work\.mjs(.*\n)+.*called from(.*\n)+.*theCaller/);
    expect((error.cause as Error).stack).toMatch(/at fails .*work\.mjs/);
  });

  test('an AggregateError keeps its errors; what is no error comes as it is', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const error = await failure(pool.run(work, 'failsMany'));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error['errors']).toMatchObject([{ name: 'SyntaxError', message: 'one' }, 'two']);
    await expect(pool.run(work, 'failsWith', ['a text'])).rejects.toBe('a text');
    await expect(pool.run(work, 'failsWith', [undefined])).rejects.toBeUndefined();
    await expect(pool.run(work, 'failsWith', [{ a: 1 }])).rejects.toEqual({ a: 1 });
  });

  test('a result that cannot be sent is an error, and costs no thread', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const thread = await pool.run(work, 'thread');
    await expect(pool.run(work, 'returnsFunction')).rejects.toThrow(
      /returnsFunction of file.* returned what cannot leave its thread: .*; return plain data/,
    );
    expect(await pool.run(work, 'thread')).toBe(thread);
  });

  // rule 252
  test.each([
    ['exits', 'worker exited with code: 3', undefined],
    ['uncaught', 'nobody catches this', undefined],
    ['exhausts', 'memory', 'ERR_WORKER_OUT_OF_MEMORY'],
  ])(
    '%s: BrokenWorkerError for that call alone, and another thread for the next',
    async (name, message, code) => {
      await using pool = new WorkerPool({
        size: 2,
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
      });
      const array = shared();
      const beside = pool.run(work, 'finishes', [array]);
      void beside.catch(() => undefined);
      await untilSet(array);
      const error = await failure(pool.run(work, name));
      expect(error).toBeInstanceOf(BrokenWorkerError);
      expect(error.message).toMatch(`run: the thread that ran ${name} of ${work.href} has died: `);
      expect(error.message).toMatch(message);
      expect(error['code']).toBe(code);
      expect(pool.statistics()).toMatchObject({ threads: 1, busy: 1 });
      expect(await pool.run(work, 'add', [1, 2])).toBe(3);
      expect(pool.statistics()).toMatchObject({ threads: 2, busy: 1 });
    },
  );

  test('an exception in what a call left behind breaks no later one, and is told', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const warned = new Promise<Error>((resolve) => {
      const { emitWarning } = process;
      process.emitWarning = (text: string | Error) => {
        process.emitWarning = emitWarning;
        resolve(new Error(String(text)));
      };
    });
    await pool.run(work, 'leavesBomb');
    expect((await warned).message).toMatch(/ended, with no call in it, .* left behind/);
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
  });
});

describe('the line', () => {
  // rule 253
  test('is first in, first out, whatever becomes of those before', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const file = join(folder, 'order');
    const controller = new AbortController();
    const calls = [
      pool.run(work, 'note', [file, 1, 20]),
      pool.run(work, 'note', [file, 2], { signal: controller.signal }),
      pool.run(work, 'failsWith', ['failed']),
      pool.run(work, 'note', [file, 3]),
      pool.run(work, 'exits'),
      pool.run(work, 'note', [file, 4]),
    ];
    const settled = Promise.allSettled(calls);
    await sleep(5);
    expect(pool.statistics()).toMatchObject({ busy: 1, waiting: 5 });
    controller.abort('not any more');
    expect((await settled).map(({ status }) => status[0])).toEqual(['f', 'r', 'r', 'f', 'r', 'f']);
    expect(readFileSync(file, 'utf8')).toBe('1\n3\n4\n');
    expect(pool.statistics()).toMatchObject({ busy: 0, waiting: 0 });
    rmSync(folder, { recursive: true });
  });

  test('holds a thousand calls: each gets what is its own, and what it hands over is not copied', async () => {
    await using pool = new WorkerPool({ size: 2 });
    const buffers = Array.from({ length: 1000 }, (_, at) => new ArrayBuffer(at));
    const calls = buffers.map((buffer) =>
      pool.run(work, 'length', [buffer], { transfer: [buffer] }),
    );
    await sleep(0);
    expect(pool.statistics()).toEqual({ size: 2, threads: 2, busy: 2, waiting: 998 });
    // A call that waits has handed nothing over yet.
    expect(buffers[999]?.byteLength).toBe(999);
    expect(await Promise.all(calls)).toEqual(buffers.map((_, at) => at));
    expect(buffers.every(({ byteLength }) => byteLength === 0)).toBe(true);
    expect(pool.statistics()).toEqual({ size: 2, threads: 2, busy: 0, waiting: 0 });
  });

  test('that is full refuses, naming who was refused', async () => {
    await using pool = new WorkerPool({ size: 1, maxQueue: 1 });
    const first = pool.run(work, 'later', [30, 'first']);
    const second = pool.run(work, 'later', [0, 'second']);
    const error = await failure(pool.run(work, 'add', [1, 2]));
    expect(error).toBeInstanceOf(BusyResourceError);
    expect(error.message).toMatch(
      'run: all threads are busy (1), and as many calls wait as maxQueue allows (1); call add later',
    );
    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
  });

  test('of no length serves whoever finds a thread', async () => {
    await using pool = new WorkerPool({ size: 1, maxQueue: 0 });
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
    const busy = pool.run(work, 'later', [10]);
    await expect(pool.run(work, 'add', [1, 2])).rejects.toThrow(BusyResourceError);
    await busy;
  });

  test('starts nothing for one who was cancelled when he had just got his thread, and hands it on', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const file = join(folder, 'calls');
    const scope = new CancelScope();
    const first = pool.run(work, 'later', [10]);
    const buffer = new ArrayBuffer(8);
    const options = { transfer: [buffer] };
    const second = scope.run(() => pool.run(work, 'note', [file, 'second', buffer], options));
    await sleep(0);
    const third = pool.run(work, 'note', [file, 'third']);
    const { unpark } = ParkingLot.prototype;
    const spy = jest.spyOn(ParkingLot.prototype, 'unpark').mockImplementation(function (
      this: ParkingLot,
      ...args
    ) {
      spy.mockRestore();
      const woken = unpark.apply(this, args);
      scope.cancel();
      return woken;
    });
    await first;
    expect(await second).toBeUndefined();
    // Nothing was sent, not even to a thread that would not have begun.
    expect(buffer.byteLength).toBe(8);
    await third;
    expect(readFileSync(file, 'utf8')).toBe('third\n');
    expect(pool.statistics()).toMatchObject({ busy: 0, waiting: 0 });
    rmSync(folder, { recursive: true });
  });
});

describe('a call whose caller is cancelled', () => {
  // rule 250
  test('before it begins never starts', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
    const file = join(folder, 'calls');
    const buffer = new ArrayBuffer(8);
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      const call = pool.run(work, 'note', [file, 'a', buffer], { transfer: [buffer] });
      expect(isCancelled(await failure(call))).toBe(true);
    });
    const signal = AbortSignal.abort('no');
    await expect(pool.run(work, 'note', [file, 'b'], { signal })).rejects.toBe('no');
    expect(pool.statistics()).toMatchObject({ threads: 0 });

    // In the line, too; and then what was to be transferred is still here.
    const first = pool.run(work, 'later', [30]);
    const options = { transfer: [buffer] };
    const queued = moveOnAfter(10, () => pool.run(work, 'note', [file, 'c', buffer], options));
    expect(await queued).toBeUndefined();
    expect(pool.statistics()).toMatchObject({ busy: 1, waiting: 0 });
    await first;
    await pool.run(work, 'add', [1, 2]);
    expect(existsSync(file)).toBe(false);
    expect(buffer.byteLength).toBe(8);
    rmSync(folder, { recursive: true });
  });

  // rule 250
  test('is cancelled by its scope: `finally` blocks run before the cancellation leaves', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const array = shared();
    const thread = await pool.run(work, 'thread');
    await expect(timeout(300, () => pool.run(work, 'wait', [array, 30]))).rejects.toThrow(
      TimeoutError,
    );
    expect([...array]).toEqual([1, 2]);
    expect(await pool.run(work, 'thread')).toBe(thread);
  });

  test('by its signal rejects with the reason, which its scope has, too', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const reason = Object.assign(new Error('enough of it'), { code: 'E_ENOUGH' });
    for (const name of ['wait', 'reason']) {
      const array = shared();
      const controller = new AbortController();
      const called = pool.run(work, name, [array], { signal: controller.signal });
      void called.catch(() => undefined);
      await untilSet(array);
      controller.abort(reason);
      if (name === 'wait') await expect(called).rejects.toBe(reason);
      // A value beats the cancellation.
      else
        expect(await called).toEqual({
          message: 'enough of it',
          code: 'E_ENOUGH',
          source: 'explicit',
        });
    }
  });

  // rule 250
  test('that returns a value all the same has it; the next checkpoint throws', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const array = shared();
    const scope = new CancelScope();
    let value: unknown;
    let went = 'nowhere';
    const called = scope.run(async () => {
      value = await pool.run(work, 'finishes', [array]);
      went = 'on';
      await sleep(0);
      went = 'past a checkpoint';
    });
    await untilSet(array);
    scope.cancel();
    await called;
    expect([value, went]).toEqual(['a value all the same', 'on']);
  });

  test('that fails in its cleanup fails with that', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const array = shared();
    const scope = new CancelScope();
    const called = scope.run(() => pool.run(work, 'failsInCleanup', [array]));
    void called.catch(() => undefined);
    await untilSet(array);
    scope.cancel();
    await expect(called).rejects.toThrow(new RangeError('the cleanup failed'));
  });

  // rule 250
  test.each(['cooperate', 'terminate', 'abandon'] as const)(
    'while its thread is starting never begins (%s)',
    async (onCancel) => {
      await using pool = new WorkerPool({ size: 1 });
      const array = shared();
      const scope = new CancelScope();
      const called = scope.run(() => pool.run(work, 'wait', [array], { onCancel }));
      while (pool.statistics().threads === 0) await sleep(0);
      scope.cancel();
      expect(await called).toBeUndefined();
      expect(await pool.run(work, 'add', [1, 2])).toBe(3);
      expect([...array]).toEqual([0, 0]);
    },
  );

  // rule 251
  test.each(['poll', 'pollSignal'])('and that never waits can ask its scope (%s)', async (name) => {
    await using pool = new WorkerPool({ size: 1 });
    const array = shared();
    const reason = new Error('asked for');
    const controller = new AbortController();
    const called = pool.run(work, name, [array], { signal: controller.signal, grace: Infinity });
    void called.catch(() => undefined);
    await untilSet(array);
    controller.abort(reason);
    if (name === 'poll') await expect(called).rejects.toBe(reason);
    else expect(await called).toBe('saw Error: asked for');
    expect(array[1]).toBe(1);
  });

  // rule 250
  test('and that does not heed it is terminated after `grace`, it alone', async () => {
    await using pool = new WorkerPool({ size: 2 });
    const [array, other] = [shared(), shared()];
    const beside = pool.run(work, 'finishes', [other]);
    const thread = await pool.run(work, 'thread');
    await untilSet(other);
    const scope = new CancelScope();
    const called = scope.run(() => pool.run(work, 'spin', [array], { grace: 60 }));
    await untilSet(array);
    const started = performance.now();
    scope.cancel();
    expect(await called).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThan(55);
    const count = array[1];
    await sleep(10);
    expect(array[1]).toBe(count);
    expect(pool.statistics()).toMatchObject({ threads: 1, busy: 1, waiting: 0 });
    expect(await pool.run(work, 'thread')).not.toBe(thread);
    expect(await Promise.race([beside, sleep(10, { value: 'goes on' })])).toBe('goes on');
    void beside.catch(() => undefined);
  });

  test('with no grace is terminated at once, as with "terminate", and no `finally` runs', async () => {
    await using pool = new WorkerPool({ size: 1 });
    for (const options of [{ grace: 0 }, { onCancel: 'terminate', grace: 5000 }] as const) {
      const array = shared();
      const scope = new CancelScope();
      const called = scope.run(() => pool.run(work, 'wait', [array, 300], options));
      await untilSet(array);
      scope.cancel();
      expect(await called).toBeUndefined();
      expect(array[1]).not.toBe(2);
      expect(pool.statistics()).toMatchObject({ threads: 0, busy: 0 });
    }
  });

  // rule 250
  test('and abandoned is left at once; its thread is busy until it ends, and it learns of it', async () => {
    await using pool = new WorkerPool({ size: 1 });
    const array = shared();
    const scope = new CancelScope();
    const options = { onCancel: 'abandon' } as const;
    const called = scope.run(() => pool.run(work, 'wait', [array, 400], options));
    await untilSet(array);
    scope.cancel();
    expect(await called).toBeUndefined();
    expect(array[1]).not.toBe(2);
    expect(pool.statistics()).toMatchObject({ threads: 1, busy: 1 });
    // Who comes next waits for the thread, and then the other has ended.
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
    expect(array[1]).toBe(2);
    expect(pool.statistics()).toMatchObject({ busy: 0 });
  });
});

test('a cancellation ends its own call, not the next one in the same thread, at any moment', async () => {
  await using pool = new WorkerPool({ size: 1, idleTimeout: Infinity });
  const first = await pool.run(work, 'thread');
  for (let round = 0; round < 40; round += 1) {
    const scope = new CancelScope();
    await scope.run(async () => {
      const onCancel = round % 2 === 0 ? 'cooperate' : 'abandon';
      const running = pool.run(work, 'later', [2, 'late'], { onCancel }).catch(() => undefined);
      for (let turn = 0; turn < round % 7; turn += 1) await new Promise(setImmediate);
      scope.cancel();
      await running;
    });
    expect(await pool.run(work, 'later', [0, round])).toBe(round);
  }
  expect(await pool.run(work, 'thread')).toBe(first);
});

describe('the end of a pool', () => {
  test('comes with the group around, and ends all threads', async () => {
    let pool: WorkerPool | undefined;
    await taskGroup(async () => {
      pool = new WorkerPool({ size: 2 });
      await gather([() => pool!.run(work, 'later', [5]), () => pool!.run(work, 'later', [5])]);
      expect(pool.statistics().threads).toBe(2);
    });
    expect(pool!.statistics().threads).toBe(0);
    await expect(pool!.run(work, 'add')).rejects.toThrow(ClosedResourceError);
  });

  test('cancels what runs, ends what was abandoned, and refuses what waits', async () => {
    const pool = new WorkerPool({ size: 2 });
    const [array, spun] = [shared(), shared()];
    const running = failure(pool.run(work, 'wait', [array]));
    const scope = new CancelScope();
    const abandoned = scope.run(() => pool.run(work, 'spin', [spun], { onCancel: 'abandon' }));
    await untilSet(array);
    await untilSet(spun);
    scope.cancel();
    await abandoned;
    const waiting = failure(pool.run(work, 'add', [1, 2]));
    await sleep(0);
    await Promise.all([pool[Symbol.asyncDispose](), pool[Symbol.asyncDispose]()]);
    expect(await running).toBeInstanceOf(ClosedResourceError);
    expect(await waiting).toEqual(
      new ClosedResourceError('run: the pool was closed while a call waited for a thread'),
    );
    expect([...array]).toEqual([1, 2]);
    const count = spun[1];
    await sleep(10);
    expect(spun[1]).toBe(count);
    expect(pool.statistics()).toEqual({ size: 2, threads: 0, busy: 0, waiting: 0 });
    await pool[Symbol.asyncDispose]();
  });

  test('is reached in a cancelled scope as well', async () => {
    const pool = new WorkerPool({ size: 1 });
    await pool.run(work, 'add');
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => pool[Symbol.asyncDispose]());
    expect(pool.statistics().threads).toBe(0);
  });

  test('is not the end of an idle thread: that comes after idleTimeout', async () => {
    await using pool = new WorkerPool({ size: 1, idleTimeout: 30 });
    await pool.run(work, 'add');
    expect(pool.statistics().threads).toBe(1);
    for (let i = 0; i < 100 && pool.statistics().threads > 0; i += 1) await sleep(10);
    expect(pool.statistics().threads).toBe(0);
    expect(await pool.run(work, 'add', [1, 2])).toBe(3);
  });
});

describe('toThread', () => {
  test('uses one pool for a run(), which ends with it', async () => {
    const thread = await runProgram(async (group) => {
      const one = await toThread<number>(work, 'thread');
      const inGroup = await taskGroup(() => toThread<number>(work, 'thread'));
      const inTask = await group.spawn(() => toThread<number>(work, 'thread'));
      expect([inGroup, inTask]).toEqual([one, one]);
      return one;
    });
    // Another run, another pool: thread numbers are not used twice.
    expect(await runProgram(() => toThread<number>(work, 'thread'))).toBeGreaterThan(thread);
  });

  test('leaves no thread behind, not even one that does something on its own', async () => {
    const array = shared();
    await runProgram(() => toThread(work, 'tickInto', array));
    const count = array[0];
    await sleep(40);
    expect(array[0]).toBe(count);
  });

  test('passes on arguments, errors and cancellations', async () => {
    await runProgram(async () => {
      expect(await toThread(work, 'add', 1, 2)).toBe(3);
      await expect(toThread(work, 'fails')).rejects.toThrow('odd');
      await expect(toThread('', 'fails')).rejects.toThrow('run: module is ""');
      const array = shared();
      expect(await moveOnAfter(30, () => toThread(work, 'wait', array))).toBeUndefined();
    });
  });
});

describe('workerScope', () => {
  test('is the ambient scope of the call, and of what it left behind', async () => {
    await using pool = new WorkerPool({ size: 1 });
    expect(await pool.run(work, 'scopes')).toBe(true);
    await pool.run(work, 'keepsScope');
    expect(await pool.run(work, 'askEarlier')).toBe(true);
  });

  test('is nothing to ask for outside of a thread', () => {
    expect(() => workerScope()).toThrow('workerScope: this is not part of a call on a WorkerPool');
  });
});
