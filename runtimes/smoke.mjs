// One suite for every runtime: no test framework, no module of Node's. Scopes and signals are passed on by hand, as code
// has to that is to run in a browser too; only the cases under "ambient scope" ask for more.
import {
  CancelledError,
  CancelScope,
  concurrentMap,
  ContextVar,
  currentScope,
  currentTask,
  defineResource,
  formatTaskTree,
  Future,
  gather,
  isCancelled,
  moveOnAfter,
  race,
  ResourceStack,
  retry,
  run,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  TaskGroup,
  taskGroup,
  TaskGroupError,
  timeout,
  TimeoutError,
  use,
  waitFor,
  yieldNow,
} from '@ambit/core';
import { abortable, anySignal, isAbortError, onAbort, waitForEvent } from '@ambit/core/abort';
import { batch, interval, mapConcurrent, merge, safe, zip } from '@ambit/core/iter';
import { park, ParkingLot } from '@ambit/core/lowlevel';
import { permute, Sequencer, testRun } from '@ambit/core/testing';
import { BrokenWorkerError, untilOnline, untilVisible, webWorkerPool } from '@ambit/core/web';
import { channel, Lock, Queue, Semaphore } from '@ambit/sync';
import { LockStolenError, WebBroadcast, WebLock } from '@ambit/sync/web';
import { equal, lack, ok, pause, rejection } from './harness.mjs';

/** For what must be cancelled and not wait for its end. */
const LONG = 60_000;

/** Notes when a wait begins to end. */
async function noting(log, name, wait) {
  try {
    return await wait;
  } finally {
    log.push(name);
  }
}

const groups = {
  'the body has its children’s values': async () => {
    const sum = await taskGroup(async (group) => {
      const children = [20, 22].map((value) => group.spawn(() => sleep(5, { value })));
      return (await children[0]) + (await children[1]);
    });
    equal(sum, 42);
  },

  'the first failure cancels the rest, and comes out once they have ended': async () => {
    const log = [];
    const failure = new Error('first');
    const error = await rejection(
      taskGroup((group) => {
        group.spawn(async ({ signal }) => {
          await noting(log, 'interrupted', sleep(LONG, { signal })).catch(() => undefined);
          await pause(5);
          log.push('cleaned up');
        });
        group.spawn(async () => {
          await pause(1);
          throw failure;
        });
      }),
    );
    ok(error === failure, 'the failure itself comes out');
    equal(log, ['interrupted', 'cleaned up']);
  },

  'a supervisor goes on and collects the failures': async () => {
    const log = [];
    const error = await rejection(
      taskGroup(
        (group) => {
          group.spawn(() => Promise.reject(new Error('one')));
          group.spawn(() => Promise.reject(new Error('two')));
          group.spawn(() => noting(log, 'three', pause(5)));
        },
        { onFailure: 'continue' },
      ),
    );
    ok(error instanceof TaskGroupError, 'it is a TaskGroupError');
    equal(
      error.errors.map(({ message }) => message),
      ['one', 'two'],
    );
    equal(log, ['three']);
  },

  'no more than the limit run at once': async () => {
    let [running, most] = [0, 0];
    await taskGroup(
      (group) => {
        for (let i = 0; i < 10; i += 1) {
          group.spawn(async () => {
            running += 1;
            most = Math.max(most, running);
            await pause(1);
            running -= 1;
          });
        }
      },
      { limit: 3 },
    );
    equal([running, most], [0, 3]);
  },

  'daemons are cancelled when the others have ended; start() waits for readiness': async () => {
    const log = [];
    await taskGroup(async (group) => {
      const ready = await group.start(
        async ({ signal }, started) => {
          started('ready');
          await noting(log, 'daemon', sleep(LONG, { signal }));
        },
        { daemon: true },
      );
      log.push(ready);
      group.spawn(() => noting(log, 'child', pause(2)));
    });
    equal(log, ['ready', 'child', 'daemon']);
  },

  'gather, race and concurrentMap': async () => {
    equal(await gather([() => 1, () => pause(1).then(() => 2)]), [1, 2]);
    const log = [];
    const winner = await race([
      () => pause(2).then(() => 'fast'),
      ({ signal }) => noting(log, 'loser', sleep(LONG, { signal })),
    ]);
    equal([winner, ...log], ['fast', 'loser']);
    const squares = await concurrentMap([1, 2, 3, 4], (n) => pause(4 - n).then(() => n * n), {
      limit: 2,
    });
    equal(squares, [1, 4, 9, 16]);
  },

  'the task tree names who waits': async () => {
    await taskGroup(
      async (group) => {
        const task = group.spawn(({ signal }) => sleep(LONG, { signal }), { name: 'sleeper' });
        ok(formatTaskTree().includes('sleeper'), 'the tree shows the task');
        await task.stop();
        equal(task.state, 'cancelled');
      },
      { name: 'named' },
    );
  },
};

const cancellation = {
  'cancel() goes down the whole tree in the same tick': async () => {
    const reached = [];
    const outer = new CancelScope();
    const value = await outer.run((scope) =>
      taskGroup(
        async (group) => {
          for (let i = 0; i < 3; i += 1) {
            group.spawn(({ scope: own, signal }) => {
              own.onCancel(() => reached.push(i));
              return sleep(LONG, { signal });
            });
          }
          await pause(1);
          outer.cancel('enough');
          equal(reached, [0, 1, 2]);
          ok(group.signal.aborted, 'the signal is aborted');
        },
        { parent: scope },
      ),
    );
    equal([value, outer.cancelCaught], [undefined, true]);
    equal([outer.reason.reason, outer.reason.source], ['enough', 'explicit']);
  },

  'cleanup runs, and waits, before the group ends': async () => {
    const log = [];
    await taskGroup(async (group) => {
      const task = group.spawn(async ({ signal }) => {
        try {
          await sleep(LONG, { signal });
        } finally {
          await shield(() => sleep(3));
          log.push('cleaned up');
        }
      });
      await pause(1);
      await task.stop();
      log.push('stopped');
    });
    equal(log, ['cleaned up', 'stopped']);
  },

  'once cancelled, every further wait throws; a shield keeps it out': async () => {
    const scope = new CancelScope();
    await scope.run(async ({ signal }) => {
      scope.cancel();
      equal((await rejection(sleep(1, { signal }))).name, 'AbortError');
      equal((await rejection(new Future().wait({ signal }))).name, 'AbortError');
      equal(await shield(() => 7), 7);
      scope.throwIfCancelled();
    });
    ok(scope.cancelCaught, 'the scope absorbed it');
  },

  'a tree of 1,000 nested scopes is cancelled without a stack overflow': async () => {
    let scope = new CancelScope();
    const outermost = scope;
    const entered = [];
    for (let i = 0; i < 1000; i += 1) {
      entered.push(scope.run(({ signal }) => sleep(LONG, { signal })).catch(() => undefined));
      scope = new CancelScope({ parent: scope });
    }
    outermost.cancel();
    equal((await Promise.all(entered)).length, 1000);
  },

  'yieldNow lets timers have their turn': async () => {
    let fired = false;
    setTimeout(() => (fired = true), 0);
    const begin = performance.now();
    while (!fired && performance.now() - begin < 5000) await yieldNow();
    ok(fired, 'the timer fired');
  },
};

const timeouts = {
  'timeout cancels, waits for the end, and throws a TimeoutError': async () => {
    const log = [];
    const error = await rejection(
      timeout(5, async ({ signal }) => {
        await noting(log, 'interrupted', sleep(LONG, { signal })).catch(() => undefined);
        await pause(5);
        log.push('ended');
        signal.throwIfAborted();
      }),
    );
    ok(error instanceof TimeoutError, `a TimeoutError, not ${error}`);
    equal([error.name, error.ms], ['TimeoutError', 5]);
    equal(log, ['interrupted', 'ended']);
  },

  'moveOnAfter gives undefined; a body in time gives its value': async () => {
    equal(await moveOnAfter(2, ({ signal }) => sleep(LONG, { signal })), undefined);
    equal(await moveOnAfter(LONG, () => 'in time'), 'in time');
    equal(await waitFor(Promise.resolve('kept'), LONG), 'kept');
  },

  'nothing is early': async () => {
    const early = [];
    const one = async (ms) => {
      const begin = performance.now();
      await sleep(ms);
      const took = performance.now() - begin;
      if (took < ms) early.push([ms, took]);
    };
    await Promise.all(Array.from({ length: 60 }, (_, i) => one(1 + i / 4)));
    equal(early, []);
  },

  'very long times do not end at once': async () => {
    for (const ms of [2 ** 31, 2 ** 40, Infinity]) {
      equal(await moveOnAfter(5, ({ signal }) => sleep(ms, { signal, value: 'early' })), undefined);
      equal(await timeout(ms, () => pause(5).then(() => 'done')), 'done');
    }
    await sleep(-1);
    ok((await rejection(sleep(NaN))) instanceof RangeError, 'NaN is refused');
  },

  'the outer deadline holds inside': async () => {
    const begin = performance.now();
    const error = await rejection(
      timeout(5, (outer) =>
        new CancelScope({ parent: outer, timeout: LONG }).run((inner) => {
          ok(inner.effectiveDeadline <= outer.deadline, 'the earlier deadline holds');
          return sleep(LONG, { signal: inner.signal });
        }),
      ),
    );
    ok(error instanceof TimeoutError, `a TimeoutError, not ${error}`);
    ok(performance.now() - begin < LONG, 'it was cut short');
  },
};

const explicitScope = {
  'a signal handed on cancels waits after any number of awaits': async () => {
    const scope = new CancelScope();
    setTimeout(() => scope.cancel(), 5);
    const value = await scope.run(async ({ signal }) => {
      for (;;) await sleep(1, { signal });
    });
    equal([value, scope.cancelCaught], [undefined, true]);
  },

  'a parent given by hand is the parent': async () => {
    const outer = new CancelScope();
    await pause(1);
    const inner = new CancelScope({ parent: outer });
    const waiting = outer.run(async ({ signal }) => {
      await pause(1);
      const value = await inner.run(({ signal: own }) => sleep(LONG, { signal: own }));
      equal(value, undefined);
      signal.throwIfAborted();
    });
    setTimeout(() => outer.cancel('from above'), 5);
    equal(await waiting, undefined);
    equal(inner.reason?.reason, 'from above');
  },

  'what is called in the synchronous part of a body is in its scope': async () => {
    const helpers = {
      sleep: () => sleep(LONG),
      sleepForever: () => sleepForever(),
      future: () => new Future().wait(),
      park: () => park(() => undefined),
      parkingLot: () => new ParkingLot().park(),
      taskGroup: () => taskGroup((group) => void group.spawn(() => sleep(LONG))),
      timeout: () => timeout(LONG, () => sleep(LONG)),
      gather: () => gather([() => sleep(LONG), () => sleep(LONG)]),
      race: () => race([() => sleep(LONG), () => sleepForever()]),
      concurrentMap: () => concurrentMap([1, 2, 3], () => sleep(LONG), { limit: 2 }),
      retry: () => retry(() => sleep(LONG)),
      'retry, in its delay': () =>
        retry(() => Promise.reject(new Error('again')), { delay: LONG, jitter: 'none' }),
      'retry, the second time': () =>
        retry((attempt) => (attempt === 1 ? Promise.reject(new Error('again')) : sleep(LONG)), {
          delay: 0,
        }),
      'retry with a timeout': () =>
        retry((attempt) => (attempt === 1 ? Promise.reject(new Error('again')) : sleep(LONG)), {
          delay: 0,
          timeout: LONG,
        }),
      'concurrentMap, a later item': () =>
        concurrentMap([1, 2], (n) => (n === 1 ? pause(1) : sleep(LONG)), { limit: 1 }),
      abortable: () => abortable(new Promise(() => undefined)),
      waitForEvent: () => waitForEvent(new EventTarget(), 'never'),
      'queue.get': () => new Queue().get(),
      'channel.receive': () => channel(1)[1].receive(),
    };
    const hanging = [];
    for (const [name, helper] of Object.entries(helpers)) {
      const scope = new CancelScope();
      const ended = scope.run(helper).then(() => scope.cancelCaught);
      await pause(2);
      scope.cancel();
      if ((await Promise.race([ended, pause(2000)])) !== true) hanging.push(name);
    }
    equal(hanging, [], 'not cancelled');
  },
};

const ambientScope = {
  'the current scope and task follow every await': async ({ ambient }) => {
    if (!ambient) lack('no AsyncLocalStorage: scopes are passed by hand');
    const outside = currentScope();
    await taskGroup(async (group) => {
      const inside = async (task) => {
        const seen = (how) => ok(currentScope() === task.scope, `in the task after ${how}`);
        seen('nothing');
        await sleep(1);
        seen('sleep');
        await pause(1);
        seen('a timer');
        await Promise.resolve().then(() => seen('then'));
        await new Promise((resolve) => queueMicrotask(resolve)).then(() => seen('a microtask'));
        await new CancelScope().run(() => yieldNow());
        seen('a scope inside');
        ok(currentTask() === task, 'the task is its own');
      };
      await Promise.all([group.spawn(inside), group.spawn(inside)]);
    });
    ok(currentScope() === outside, 'outside is as before');
  },

  'a deep call is cancelled without being handed anything': async ({ ambient }) => {
    if (!ambient) lack('no AsyncLocalStorage: scopes are passed by hand');
    const deep = async () => {
      for (;;) await sleep(1);
    };
    equal(await moveOnAfter(5, async () => await deep()), undefined);
  },

  'context variables': async ({ ambient }) => {
    const user = new ContextVar({ name: 'user', defaultValue: 'nobody' });
    equal(user.get(), 'nobody');
    equal(
      user.run('ann', () => user.get()),
      'ann',
    );
    if (!ambient) lack('no AsyncLocalStorage: scopes are passed by hand');
    const seen = await user.run('bob', () =>
      taskGroup(async (group) => await group.spawn(() => pause(1).then(() => user.get()))),
    );
    equal([seen, user.get()], ['bob', 'nobody']);
  },

  'without it the current scope is that of the synchronous part': async ({ ambient }) => {
    const root = currentScope();
    const scope = new CancelScope();
    await scope.run(async () => {
      ok(currentScope() === scope, 'in the synchronous part');
      await pause(1);
      ok(currentScope() === (ambient ? scope : root), 'after an await');
    });
    ok(currentScope() === root, 'outside');
  },
};

const losses = {
  'without the plugin a wait behind an await is told, once': async ({ startUnfollowed }) => {
    if (startUnfollowed === undefined) lack('nothing is lost, or no Worker');
    const worker = startUnfollowed();
    const [before, ...warnings] = await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', reject);
    });
    worker.terminate();
    equal([before, warnings.length], [0, 1]);
    ok(warnings[0].includes('sleep: there is no current scope here'), warnings[0]);
  },
};

const errors = {
  'a cancellation is an AbortError by name and code': async () => {
    const scope = new CancelScope({ name: 'upload' });
    scope.cancel('too big');
    const error = await rejection(sleep(1, { signal: scope.signal }));
    ok(error instanceof Error && error instanceof CancelledError, 'its classes');
    equal([error.name, error.code, error.cause], ['AbortError', 'ABORT_ERR', 'too big']);
    equal([isCancelled(error), isAbortError(error)], [true, true]);
    ok(error.scope === scope && error === scope.reason, 'the scope’s own reason');
    equal(error.message, 'the scope "upload" was cancelled: too big');
  },

  'an AbortError of the platform is understood in a cancelled scope, and nowhere else':
    async () => {
      const foreign = () => {
        const controller = new AbortController();
        controller.abort();
        return controller.signal.reason;
      };
      equal(
        await moveOnAfter(2, async ({ signal }) => {
          await aborted(signal).catch(() => undefined);
          throw foreign();
        }),
        undefined,
      );
      const error = await rejection(new CancelScope().run(() => Promise.reject(foreign())));
      equal([error.name, isCancelled(error)], ['AbortError', false]);
    },

  'what failed later is kept with the first failure': async () => {
    const [first, later] = [new Error('first'), new Error('later')];
    const error = await rejection(
      taskGroup((group) => {
        group.spawn(async ({ signal }) => {
          await sleep(LONG, { signal }).catch(() => undefined);
          throw later;
        });
        group.spawn(() => Promise.reject(first));
      }),
    );
    ok(error === first, 'the first comes out');
    ok(suppressedErrors(error)[0] === later, 'the later one is kept');
  },
};

const resources = {
  'are released last first, after the children, each of them': async () => {
    const log = [];
    const error = await rejection(
      taskGroup((group) => {
        group.defer(() => log.push('first'));
        group.defer(() => {
          log.push('second');
          throw new Error('release');
        });
        group.use({ [Symbol.asyncDispose]: () => noting(log, 'third', pause(1)) });
        group.use({ [Symbol.dispose]: () => log.push('fourth') });
        group.spawn(() => noting(log, 'child', pause(2)));
      }),
    );
    equal(error.message, 'release');
    equal(log, ['child', 'fourth', 'third', 'second', 'first']);
  },

  'made of a generator clean up under a shield': async () => {
    const log = [];
    const connection = defineResource(async function* (url) {
      try {
        yield `connected to ${url}`;
      } finally {
        await shield(() => sleep(2));
        log.push('closed');
      }
    });
    const scope = new CancelScope();
    await scope.run(({ signal }) =>
      use(connection('db'), async (client) => {
        equal(client, 'connected to db');
        scope.cancel();
        await sleep(1, { signal });
      }),
    );
    equal([scope.cancelCaught, ...log], [true, 'closed']);
  },

  'a ResourceStack': async () => {
    const log = [];
    const stack = new ResourceStack();
    stack.defer(() => log.push('one'));
    stack.defer(() => log.push('two'));
    await stack[Symbol.asyncDispose]();
    equal(log, ['two', 'one']);
  },
};

const signals = {
  'a foreign signal cancels with its reason': async () => {
    const controller = new AbortController();
    const scope = new CancelScope({ signal: controller.signal });
    const ended = scope.run(({ signal }) => sleep(LONG, { signal }));
    controller.abort('theirs');
    equal([await ended, scope.reason.source, scope.reason.reason], [undefined, 'signal', 'theirs']);
    equal(await rejection(sleep(LONG, { signal: controller.signal })), 'theirs');
    equal(
      await rejection(taskGroup(() => sleepForever(), { signal: controller.signal })),
      'theirs',
    );
  },

  'scope.signal ends foreign work': async () => {
    equal(await moveOnAfter(2, ({ signal }) => aborted(signal)), undefined);
  },

  'fetch is cancelled by a scope': async ({ origin }) => {
    if (origin === undefined) lack('no server for this runtime');
    const begin = performance.now();
    equal(await moveOnAfter(50, ({ signal }) => fetch(`${origin}/slow`, { signal })), undefined);
    ok(performance.now() - begin < 10_000, 'it was cut short');
    equal(
      await moveOnAfter(LONG, async ({ signal }) => {
        const response = await fetch(`${origin}/fast`, { signal });
        return await response.text();
      }),
      'fast',
    );
  },

  'anySignal, onAbort, waitForEvent': async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const heard = [];
    const both = anySignal(one.signal, two.signal);
    const listener = onAbort(both.signal, (reason) => heard.push(reason));
    two.abort('two');
    equal([both.signal.aborted, both.signal.reason, ...heard], [true, 'two', 'two']);
    listener[Symbol.dispose]();
    both[Symbol.dispose]();
    const target = new EventTarget();
    setTimeout(() => target.dispatchEvent(new Event('ready')), 1);
    equal((await waitForEvent(target, 'ready')).type, 'ready');
  },
};

const synchronisation = {
  'a channel with back-pressure, closed at the end': async () => {
    const received = [];
    await taskGroup((group) => {
      const [sender, receiver] = channel(1);
      group.spawn(async ({ signal }) => {
        for (let i = 0; i < 5; i += 1) await sender.send(i, { signal });
        sender.close();
      });
      group.spawn(async () => {
        for await (const item of receiver) received.push(item);
      });
    });
    equal(received, [0, 1, 2, 3, 4]);
  },

  'a cancelled receiver takes nothing': async () => {
    const [sender, receiver] = channel(0);
    equal(await moveOnAfter(2, ({ signal }) => receiver.receive({ signal })), undefined);
    const [, got] = await Promise.all([sender.send('kept'), receiver.receive()]);
    equal(got, 'kept');
  },

  'locks and semaphores, first in, first out': async () => {
    const log = [];
    const lock = new Lock();
    await taskGroup((group) => {
      for (let i = 0; i < 3; i += 1) {
        group.spawn(() => lock.run(() => pause(1).then(() => log.push(i))));
      }
    });
    equal([...log, lock.locked], [0, 1, 2, false]);
    const semaphore = new Semaphore(1);
    const held = await semaphore.acquire();
    equal(await moveOnAfter(2, ({ signal }) => semaphore.acquire({ signal })), undefined);
    held[Symbol.dispose]();
    (await semaphore.acquire())[Symbol.dispose]();
  },
};

const web = {
  'a web lock lets one in at a time, and a caller that gives up takes nothing': async () => {
    if (!globalThis.navigator?.locks) lack('no navigator.locks');
    const log = [];
    const locks = [0, 1, 2].map(() => new WebLock('smoke'));
    await Promise.all(locks.map((lock, n) => lock.run(() => pause(2).then(() => log.push(n)))));
    equal(log, [0, 1, 2]);
    const held = await locks[0].acquire();
    equal(await locks[1].tryAcquire(), undefined);
    equal(await moveOnAfter(5, ({ signal }) => locks[1].acquire({ signal })), undefined);
    held[Symbol.dispose]();
    (await locks[1].acquire())[Symbol.dispose]();
    // The platform takes a turn of its own to give it back.
    while ((await locks[0].statistics()).locked) await pause(1);
    equal((await locks[0].statistics()).waiting, 0);
  },

  'a stolen web lock cancels the body': async () => {
    if (!globalThis.navigator?.locks) lack('no navigator.locks');
    const running = new WebLock('smoke').run(() => sleep(LONG));
    await pause(20);
    await globalThis.navigator.locks.request('smoke', { steal: true }, () => undefined);
    ok((await rejection(running)) instanceof LockStolenError, 'it says that it was stolen');
  },

  'a web broadcast comes to its far ends': async () => {
    if (typeof BroadcastChannel === 'undefined') lack('no BroadcastChannel');
    const [here, there] = [0, 1].map(() => new WebBroadcast('smoke', { onLag: 'error' }));
    const got = there.subscribe();
    await here.publish({ n: 1 });
    await here.publish({ n: 2 });
    equal([(await got.next()).value, (await got.next()).value], [{ n: 1 }, { n: 2 }]);
    here.close();
    there.close();
  },
};

/** A pool of workers of `worker.mjs`. */
function poolOf({ startWorker }, options) {
  if (startWorker === undefined) lack('no Worker');
  const workers = [];
  const pool = webWorkerPool(() => {
    const worker = startWorker();
    const terminate = worker.terminate.bind(worker);
    workers.push(worker);
    worker.terminate = () => {
      worker.isTerminated = true;
      terminate();
    };
    return worker;
  }, options);
  return Object.assign(pool, { workers });
}

/** Nothing is left of it. */
async function endOf(pool) {
  await pool[Symbol.asyncDispose]();
  ok(
    pool.workers.every((worker) => worker.isTerminated),
    'all workers are terminated',
  );
  equal(pool.statistics(), { ...pool.statistics(), threads: 0, busy: 0, waiting: 0 });
}

/** A page whose property says otherwise; answers how to take that back. */
function pretend(target, name, value) {
  Object.defineProperty(target, name, { get: () => value, configurable: true });
  return () => delete target[name];
}

const pages = {
  'untilVisible and untilOnline settle at once, or with the event': async () => {
    const { document, navigator } = globalThis;
    if (document === undefined) lack('no document');
    if (document.visibilityState !== 'visible' || !navigator.onLine) lack('the page is not shown');
    await untilVisible();
    await untilOnline();
    const conditions = [
      [untilVisible, document, 'visibilityState', 'hidden', document, 'visibilitychange'],
      [untilOnline, navigator, 'onLine', false, globalThis, 'online'],
    ];
    for (const [until, owner, name, not, target, event] of conditions) {
      const restore = pretend(owner, name, not);
      let isOver = false;
      const waiting = until().then(() => (isOver = true));
      equal(await moveOnAfter(5, ({ signal }) => until({ signal })), undefined);
      target.dispatchEvent(new Event(event));
      await pause(1);
      equal(isOver, false);
      restore();
      target.dispatchEvent(new Event(event));
      await waiting;
    }
  },
};

const workers = {
  'calls, errors, buffers': async (environment) => {
    const pool = poolOf(environment, { size: 2 });
    equal(await pool.run('add', [1, 2]), 3);
    const error = await rejection(pool.run('fail', []));
    ok(error instanceof RangeError && error.cause instanceof TypeError, 'classes and causes cross');
    equal([error.name, error.message, error.cause.message], ['RangeError', 'odd', 'why']);
    const bytes = new Uint8Array([1, 2]);
    const back = await pool.run('handOver', [bytes], { transfer: [bytes.buffer] });
    equal([[...back], bytes.byteLength], [[1, 2], 0]);
    equal([...(await pool.run('double', [back]))], [2, 4]);
    ok((await rejection(pool.run('add', [() => 1]))) instanceof TypeError, 'no functions as data');
    await endOf(pool);
  },

  'as many as size, the others in line': async (environment) => {
    const pool = poolOf(environment, { size: 2 });
    const sums = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.run('add', [n, n])));
    equal([sums, pool.workers.length], [[2, 4, 6, 8, 10], 2]);
    await endOf(pool);
  },

  'a call is cancelled in its worker, which stays': async (environment) => {
    const pool = poolOf(environment, { size: 1 });
    equal(await pool.run('calls', []), 1);
    const controller = new AbortController();
    const running = pool.run('untilCancelled', [], { signal: controller.signal, grace: LONG });
    await pause(5);
    controller.abort('enough');
    equal(await running, 'cancelled: enough');
    equal(await pool.run('calls', []), 2);
    await endOf(pool);
  },

  'a function that does not hear of it is terminated after the grace': async (environment) => {
    const pool = poolOf(environment, { size: 1 });
    await pool.run('calls', []);
    const done = await moveOnAfter(5, ({ signal }) => pool.run('spin', [], { grace: 5, signal }));
    equal(done, undefined);
    equal([await pool.run('calls', []), pool.workers.length], [1, 2]);
    await endOf(pool);
  },

  'a worker that dies fails its call alone': async (environment) => {
    const pool = poolOf(environment, { size: 1 });
    for (const name of ['throwLater', 'leave']) {
      const dying = pool.run(name, []);
      const next = pool.run('add', [1, 2]);
      ok((await rejection(dying)) instanceof BrokenWorkerError, `${name} has broken it`);
      equal(await next, 3);
    }
    await endOf(pool);
  },

  'the end of a group is the end of its pool': async (environment) => {
    let pool;
    await taskGroup((group) => {
      pool = poolOf(environment, { size: 1 });
      group.spawn(() => pool.run('untilCancelled', [])).cancel();
      return pool.run('add', [1, 2]);
    });
    await endOf(pool);
  },
};

const iterators = {
  'map, merge, batch and zip, in order and with back-pressure': async () => {
    const pulled = [];
    async function* numbers(n) {
      for (let i = 1; i <= n; i += 1) {
        pulled.push(i);
        yield i;
        await pause(1);
      }
    }
    const double = (n) => pause(3 - n).then(() => 2 * n);
    equal(await listOf(mapConcurrent(numbers(3), double, { limit: 2 })), [2, 4, 6]);
    equal((await listOf(merge(numbers(2), [7, 8]))).sort(), [1, 2, 7, 8]);
    equal(await listOf(batch(numbers(3), { size: 2, within: LONG })), [[1, 2], [3]]);
    pulled.length = 0;
    equal(await listOf(zip(numbers(9), ['a', 'b'])), [
      [1, 'a'],
      [2, 'b'],
    ]);
    ok(pulled.length <= 3, 'no more is pulled than is wanted');
  },

  'leaving early has ended everything upstream': async () => {
    const log = [];
    const source = safe(async function* () {
      try {
        for (let i = 0; ; i += 1) {
          yield i;
          await pause(1);
        }
      } finally {
        await pause(2);
        log.push('closed');
      }
    });
    for await (const item of mapConcurrent(source(), (n) => n, { limit: 2 })) {
      if (item === 3) break;
    }
    log.push('left');
    equal(log, ['closed', 'left']);
  },

  'an interval keeps its period': async () => {
    const begin = performance.now();
    const ticks = [];
    for await (const tick of interval(4)) {
      ticks.push(tick);
      if (tick === 3) break;
    }
    equal(ticks, [0, 1, 2, 3]);
    ok(performance.now() - begin >= 12, 'not early');
  },
};

async function listOf(source) {
  const items = [];
  for await (const item of source) items.push(item);
  return items;
}

const disposal = {
  'the symbols': async () => {
    equal([typeof Symbol.dispose, typeof Symbol.asyncDispose], ['symbol', 'symbol']);
    const log = [];
    const group = new TaskGroup();
    const task = group.spawn(({ signal }) => noting(log, 'cancelled', sleep(LONG, { signal })));
    await group[Symbol.asyncDispose]();
    equal([task.state, ...log], ['cancelled', 'cancelled']);
    const scope = new CancelScope();
    scope[Symbol.dispose]();
    await task[Symbol.asyncDispose]();
  },
};

const usingSyntax = {
  'await using': async () => {
    let program;
    try {
      program = new Function(
        'TaskGroup',
        'sleep',
        `return (async () => {
          await using group = new TaskGroup();
          const task = group.spawn(() => sleep(1, { value: 'joined' }));
          await group.join();
          return await task;
        })();`,
      );
    } catch (error) {
      if (error instanceof SyntaxError) lack('no `using` syntax: compile it, or call the symbols');
      throw error;
    }
    equal(await program(TaskGroup, sleep), 'joined');
  },
};

const programs = {
  'run() gives main’s value, and a failure comes out': async () => {
    equal(await run((group) => group.spawn(() => pause(1).then(() => 'value'))), 'value');
    const error = await rejection(run(() => Promise.reject(new Error('main'))));
    equal(error.message, 'main');
  },
};

const virtualTime = {
  'testRun: hours pass in no time': async () => {
    const begin = performance.now();
    await testRun((group, loop) => {
      const task = group.spawn(() => sleep(3_600_000, { value: 'late' }));
      return task.then((value) => equal([value, loop.now()], ['late', 3_600_000]));
    });
    ok(performance.now() - begin < 3000, 'it took no time');
  },

  'permute and Sequencer': async () => {
    await permute(
      (group) => {
        const log = [];
        const sequencer = new Sequencer();
        const steps = [2, 0, 1].map((n) =>
          group.spawn(() => sequencer.run(n, () => void log.push(n))),
        );
        return Promise.all(steps).then(() => equal(log, [0, 1, 2]));
      },
      { runs: 5 },
    );
  },

  'further waits of a test are on virtual time too': async ({ ambient }) => {
    if (!ambient) lack('no AsyncLocalStorage: after an await a test is on the host’s time');
    await testRun(async (_group, loop) => {
      await sleep(1000);
      await sleep(1000);
      equal(loop.now(), 2000);
    });
  },
};

/** Feature, case, function. */
/** Foreign work that ends with a signal. Two milliseconds may be over before it begins. */
function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

export const smoke = {
  groups,
  cancellation,
  timeouts,
  'explicit scope': explicitScope,
  'ambient scope': ambientScope,
  'lost scopes are told': losses,
  errors,
  resources,
  AbortSignal: signals,
  'page conditions': pages,
  'web workers': workers,
  '@ambit/sync': synchronisation,
  '@ambit/sync/web': web,
  iterators,
  'disposal symbols': disposal,
  'await using': usingSyntax,
  'run()': programs,
  'virtual time': virtualTime,
};
