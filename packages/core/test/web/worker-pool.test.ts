import {
  checkpoint,
  InvalidStateError,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  taskGroup,
} from '@ambit/core';
import type { CancelledError } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import {
  BrokenWorkerError,
  BusyResourceError,
  ClosedResourceError,
  exposeToPool,
  transfer,
  webWorkerPool,
  workerScope,
} from '../../src/web.ts';
import type { WebWorkerPool, WebWorkerPoolOptions } from '../../src/web.ts';
import { FakeWorker } from '../support/fake-worker.ts';

// What real workers do is in runtimes/smoke.mjs; here are the races, on virtual time.

class OddError extends RangeError {}

const log: string[] = [];

const functions = {
  add: (a: number, b: number) => a + b,
  async slow(name: string, ms = 100) {
    log.push(`${name} in`);
    try {
      await sleep(ms);
      return name;
    } finally {
      log.push(`${name} out`);
    }
  },
  stubborn: (ms: number) => shield(() => sleep(ms, { value: 'value' })),
  reason: () => {
    const { signal } = workerScope();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () =>
        resolve(String((signal.reason as CancelledError).reason)),
      );
    });
  },
  fail: () => {
    throw new OddError('odd', { cause: new TypeError('why') });
  },
  unclonable: () => () => 1,
  textless: () => ({
    get value() {
      throw Object.create(null);
    },
  }),
  buffer: (bytes: Uint8Array<ArrayBuffer>) => transfer(bytes, [bytes.buffer]),
};

type Pool = WebWorkerPool<typeof functions>;

let workers: FakeWorker[];

function poolOf(options?: WebWorkerPoolOptions): Pool {
  return webWorkerPool<typeof functions>(() => {
    const worker = new FakeWorker(functions);
    workers.push(worker);
    return worker;
  }, options);
}

/** A function of a fake worker goes on when that is terminated. */
const untilOver = (): Promise<void> => sleep(500);

beforeEach(() => {
  log.length = 0;
  workers = [];
});

// However a test ends, nothing is left.
afterEach(() => expect(FakeWorker.living.size).toBe(0));

test('calls a function, and closes with the group around it', () =>
  testRun(async () => {
    const pool = await taskGroup(async () => {
      const made = poolOf({ size: 2 });
      expect(await made.run('add', [1, 2])).toBe(3);
      expect(made.statistics()).toEqual({ size: 2, threads: 1, busy: 0, waiting: 0 });
      return made;
    });
    expect(FakeWorker.living.size).toBe(0);
    await expect(pool.run('add', [1, 2])).rejects.toThrow(ClosedResourceError);
  }));

test('errors cross with class name, cause and both stacks', () =>
  testRun(async () => {
    await using pool = poolOf();
    const error = (await pool.run('fail', []).catch((each: unknown) => each)) as RangeError;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.constructor.name).toBe('OddError');
    expect([error.message, (error.cause as Error).message]).toEqual(['odd', 'why']);
    expect(error.stack).toMatch(/fail[^]*called from[^]*worker-pool\.test/);
  }));

test('names what is not exposed, and what cannot be copied, and goes on', () =>
  testRun(async () => {
    await using pool = poolOf({ size: 1 });
    await expect(pool.run('nothing' as 'add', [1, 2])).rejects.toThrow(
      'does not expose nothing; it',
    );
    await expect(pool.run('toString' as 'add', [1, 2])).rejects.toThrow(TypeError);
    await expect(pool.run('unclonable', [])).rejects.toThrow('what cannot leave its worker');
    await expect(pool.run('textless', [])).rejects.toThrow('what cannot leave its worker');
    const bad = pool.run('add', [(() => 1) as never, 2]);
    await expect(bad).rejects.toThrow('run: the arguments of add cannot be sent');
    expect(await pool.run('add', [1, 2])).toBe(3);
    expect(workers.length).toBe(1);
  }));

test('hands buffers over in both directions', () =>
  testRun(async () => {
    await using pool = poolOf();
    const bytes = new Uint8Array([1, 2]);
    const back = await pool.run('buffer', [bytes], { transfer: [bytes.buffer] });
    expect([...back]).toEqual([1, 2]);
    expect(bytes.byteLength).toBe(0);
  }));

describe('limits', () => {
  test('size calls at a time, the others in line; one cancelled there never starts', () =>
    testRun(async (group) => {
      await using pool = poolOf({ size: 1, maxQueue: 2 });
      const first = group.spawn(() => pool.run('slow', ['a']));
      const second = group.spawn(() => pool.run('slow', ['b']));
      const third = group.spawn(() => pool.run('slow', ['c']));
      await settle();
      expect(pool.statistics()).toEqual({ size: 1, threads: 1, busy: 1, waiting: 2 });
      await expect(pool.run('add', [1, 2])).rejects.toThrow(BusyResourceError);
      second.cancel();
      expect(await first).toBe('a');
      expect(await third).toBe('c');
      expect(log).toEqual(['a in', 'a out', 'c in', 'c out']);
    }));

  test('an idle worker is terminated after idleTimeout, and not before', () =>
    testRun(async () => {
      await using pool = poolOf({ idleTimeout: 50 });
      await pool.run('add', [1, 2]);
      await sleep(40);
      await pool.run('add', [1, 2]);
      await sleep(40);
      expect(pool.statistics().threads).toBe(1);
      await sleep(20);
      expect([pool.statistics().threads, workers.length]).toEqual([0, 1]);
      expect(await pool.run('add', [1, 2])).toBe(3);
    }));
});

describe('a caller that is cancelled', () => {
  test('waits until the function has cleaned up', () =>
    testRun(async () => {
      await using pool = poolOf();
      expect(await moveOnAfter(10, () => pool.run('slow', ['a']))).toBeUndefined();
      expect(log).toEqual(['a in', 'a out']);
      expect(pool.statistics()).toMatchObject({ threads: 1, busy: 0 });
    }));

  test('by its signal: the function gets the reason', () =>
    testRun(async () => {
      await using pool = poolOf();
      const controller = new AbortController();
      const running = pool.run('reason', [], { signal: controller.signal });
      await settle();
      controller.abort('too slow');
      expect(await running).toBe('too slow');
      await expect(pool.run('reason', [], { signal: controller.signal })).rejects.toBe('too slow');
    }));

  test('terminates the worker after the grace; a value within it is returned', () =>
    testRun(async (_group, loop) => {
      await using pool = poolOf();
      expect(await moveOnAfter(10, () => pool.run('stubborn', [500]))).toBe('value');
      const begin = loop.now();
      const late = moveOnAfter(10, () => pool.run('stubborn', [500], { grace: 20 }));
      expect([await late, loop.now() - begin]).toEqual([undefined, 30]);
      expect(FakeWorker.living.size).toBe(0);
      expect(await pool.run('add', [1, 2])).toBe(3);
      await untilOver();
    }));

  test("onCancel 'terminate' does so at once, 'abandon' leaves it behind", () =>
    testRun(async (_group, loop) => {
      await using pool = poolOf({ size: 1 });
      await moveOnAfter(10, () => pool.run('stubborn', [500], { onCancel: 'terminate' }));
      expect([loop.now(), FakeWorker.living.size]).toEqual([10, 0]);
      await moveOnAfter(10, () => pool.run('stubborn', [500], { onCancel: 'abandon' }));
      expect([loop.now(), pool.statistics().busy]).toEqual([20, 1]);
      expect(await pool.run('add', [1, 2])).toBe(3);
      expect(loop.now()).toBe(510);
    }));

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('after %i turns leaves the pool whole', (turns) =>
    testRun(async (group) => {
      await using pool = poolOf({ size: 1 });
      const running = group.spawn(() => pool.run('slow', ['a']));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      running.cancel();
      expect(isCancelled(await running.catch((error: unknown) => error))).toBe(true);
      expect(await pool.run('add', [1, 2])).toBe(3);
      expect(pool.statistics()).toMatchObject({ busy: 0, waiting: 0, threads: 1 });
    }),
  );
});

describe('a worker that dies', () => {
  test('fails its call alone; the next gets another one', () =>
    testRun(async (group) => {
      await using pool = poolOf({ size: 1 });
      const dying = group.spawn(() => pool.run('slow', ['a']).catch((error: unknown) => error));
      const next = group.spawn(() => pool.run('add', [1, 2]));
      await settle();
      const cause = new Error('uncaught');
      const preventDefault = jest.fn();
      workers[0]!.emit('error', { message: 'Uncaught', error: cause, preventDefault });
      const error = (await dying) as Error;
      expect(error).toBeInstanceOf(BrokenWorkerError);
      expect([error.message, error.cause]).toEqual([
        'run: the worker that ran slow has died: uncaught',
        cause,
      ]);
      expect(preventDefault).toHaveBeenCalled();
      expect(await next).toBe(3);
      expect(workers.length).toBe(2);
      await untilOver();
    }));

  test.each([
    ['messageerror', {}, 'cannot be read'],
    ['message', { data: { ambit: 'closed' } }, 'has called close()'],
    ['error', { message: 'Uncaught Error: x' }, 'Uncaught Error: x'],
  ])('by %s', (type, event, text) =>
    testRun(async (group) => {
      await using pool = poolOf();
      const dying = group.spawn(() => pool.run('slow', ['a']).catch((error: unknown) => error));
      await settle();
      workers[0]!.emit(type, event);
      expect(((await dying) as Error).message).toMatch(text);
      await untilOver();
    }),
  );

  test('while it is idle, unseen', () =>
    testRun(async () => {
      await using pool = poolOf();
      await pool.run('add', [1, 2]);
      const preventDefault = jest.fn();
      workers[0]!.emit('error', { message: 'late', preventDefault });
      // The browser is left to report it.
      expect(preventDefault).not.toHaveBeenCalled();
      expect(pool.statistics().threads).toBe(0);
      expect(await pool.run('add', [1, 2])).toBe(3);
    }));

  test('or cannot start: each of the calls that wait is told', () =>
    testRun(async (group) => {
      const source = (): FakeWorker => {
        const worker = new FakeWorker();
        queueMicrotask(() => worker.emit('error', {}));
        return worker;
      };
      await using pool = webWorkerPool(source, { size: 1 });
      const run = (): Promise<unknown> => pool.run('add', []).catch((error: unknown) => error);
      const errors = await Promise.all([group.spawn(run), group.spawn(run)]);
      for (const error of errors) {
        expect(error).toBeInstanceOf(BrokenWorkerError);
        expect((error as Error).message).toBe(
          'run: a worker for add cannot start: its module cannot be loaded',
        );
      }
    }));

  test('and whose successor the platform refuses: those in line are told', () =>
    testRun(async (group) => {
      let made = 0;
      await using pool = webWorkerPool(
        () => {
          if ((made += 1) > 1) throw new Error('refused');
          const worker = new FakeWorker(functions);
          workers.push(worker);
          return worker;
        },
        { size: 1 },
      );
      const dying = group.spawn(() => pool.run('slow', ['a']).catch(() => 'dead'));
      const next = group.spawn(() => pool.run('add', [1, 2]).catch((error: unknown) => error));
      await settle();
      workers[0]!.emit('error', {});
      expect(await dying).toBe('dead');
      expect(await next).toEqual(new Error('refused'));
      await untilOver();
    }));
});

describe('closing', () => {
  test('ends calls as each was ordered, and those in line', () =>
    testRun(async (group) => {
      const pool = poolOf({ size: 1 });
      const outcomes = ['a', 'b'].map((name) =>
        group.spawn(() => pool.run('slow', [name]).catch((error: unknown) => error)),
      );
      await settle();
      await pool[Symbol.asyncDispose]();
      expect(await outcomes[0]).toBeInstanceOf(ClosedResourceError);
      expect(await outcomes[1]).toEqual(
        new ClosedResourceError('run: the pool was closed while a call waited for a worker'),
      );
      expect(log).toEqual(['a in', 'a out']);
    }));

  test('while a worker starts', () =>
    testRun(async (group) => {
      const pool = webWorkerPool(() => new FakeWorker());
      const running = group.spawn(() => pool.run('add', []).catch((error: unknown) => error));
      await settle();
      await pool[Symbol.asyncDispose]();
      expect(await running).toBeInstanceOf(ClosedResourceError);
    }));
});

test('a caller that gives up while a worker starts leaves it to the next', () =>
  testRun(async (group) => {
    const worker = new FakeWorker();
    await using pool = webWorkerPool<typeof functions>(() => worker, { size: 1 });
    const first = group.spawn(() => pool.run('add', [1, 2]));
    const second = group.spawn(() => pool.run('add', [3, 4]));
    await settle();
    first.cancel();
    await settle();
    worker.serve(functions);
    expect(await second).toBe(7);
  }));

test('bad arguments', async () => {
  expect(() => webWorkerPool(5 as never)).toThrow('webWorkerPool: source is 5');
  expect(() => webWorkerPool('')).toThrow(TypeError);
  expect(() => webWorkerPool('./worker.js')).toThrow(InvalidStateError);
  expect(() => poolOf({ size: 0 })).toThrow(RangeError);
  expect(() => poolOf({ maxQueue: -1 })).toThrow(RangeError);
  expect(() => poolOf({ idleTimeout: NaN })).toThrow(RangeError);
  expect(() => poolOf(1 as never)).toThrow(TypeError);
  await using pool = poolOf();
  const bad: [unknown, unknown, unknown][] = [
    [5, [], {}],
    ['add', 'no array', {}],
    ['add', [], 5],
    ['add', [], { transfer: 1 }],
    ['add', [], { onCancel: 'never' }],
    ['add', [], { grace: '1' }],
    ['add', [], { signal: {} }],
  ];
  for (const [name, args, options] of bad) {
    await expect(pool.run(name as 'add', args as never, options as never)).rejects.toThrow(
      TypeError,
    );
  }
  expect(workers).toEqual([]);
});

test('a URL is loaded as a module', () =>
  testRun(async () => {
    const made: unknown[] = [];
    Object.assign(globalThis, {
      Worker: class extends FakeWorker {
        constructor(...args: unknown[]) {
          super(functions);
          made.push(args);
        }
      },
    });
    try {
      const url = new URL('https://example.org/work.js');
      await using pool = webWorkerPool<typeof functions>(url);
      expect(await pool.run('add', [1, 2])).toBe(3);
      expect(made).toEqual([[url, { type: 'module' }]]);
    } finally {
      Reflect.deleteProperty(globalThis, 'Worker');
    }
  }));

test('the side of the worker says where it cannot be', async () => {
  expect(() => exposeToPool({})).toThrow(InvalidStateError);
  expect(() => exposeToPool(5 as never)).toThrow('exposeToPool: functions is 5');
  expect(() => exposeToPool({ a: 1 } as never)).toThrow('exposeToPool: a is 1');
  expect(() => workerScope()).toThrow(InvalidStateError);
  expect(() => transfer(5 as never, [])).toThrow('transfer: value is 5');
  expect(() => transfer({}, 5 as never)).toThrow('transfer: parts is 5');
  await checkpoint();
});

test('types: names, arguments and results are those of the functions', () => {
  const check = (pool: Pool): void => {
    const sum: Promise<number> = pool.run('add', [1, 2]);
    const name: Promise<string> = pool.run('slow', ['a']);
    expect([sum, name]).toBeDefined();
    // @ts-expect-error -- no such function
    void pool.run('substract', [1, 2]);
    // @ts-expect-error -- another type
    void pool.run('add', ['1', 2]);
  };
  expect(check).toBeInstanceOf(Function);
});
