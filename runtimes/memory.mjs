// Faults that garbage collection has caused elsewhere: listeners that accumulate, aborts that are lost, rejections without a handler.
import { CancelScope, sleep, TaskGroup, taskGroup, timeout } from '@ambit/core';
import { anySignal, onAbort } from '@ambit/core/abort';
import { equal, lack, ok, pause, rejection, turn } from './harness.mjs';

const ADOPTIONS = 200_000;
const MEGABYTE = 2 ** 20;

const adoption = {
  '200,000 adoptions of one signal leave no listener, and the heap as it was': async (host) => {
    const { signal } = new AbortController();
    let listeners = 0;
    count(signal, 'addEventListener', () => (listeners += 1));
    count(signal, 'removeEventListener', () => (listeners -= 1));
    // The first round warms up: caches, compiled code, the heap's own size.
    await adoptOften(signal, ADOPTIONS / 10);
    const before = host.collect && (await heapSize(host));
    await adoptOften(signal, ADOPTIONS);
    equal(listeners, 0, 'listeners');
    if (before === undefined) lack('its heap cannot be measured; no listener is left');
    const grown = (await heapSize(host)) - before;
    ok(grown < MEGABYTE, `grown by less than 1 MB: ${Math.round(grown / 1024)} kB`);
  },
};

function count(signal, method, note) {
  const original = signal[method];
  signal[method] = function (...args) {
    note();
    return original.apply(this, args);
  };
}

/** A scope, a call, and what `@ambit/core/abort` has, in turn. */
async function adoptOften(signal, times) {
  const adopters = [
    () => new CancelScope({ signal }).run(() => undefined),
    () => taskGroup(() => undefined, { signal }),
    () => onAbort(signal, () => undefined)[Symbol.dispose](),
    () => anySignal(signal)[Symbol.dispose](),
  ];
  for (let i = 0; i < times; i += 1) {
    const done = adopters[i % adopters.length]();
    // Not one by one: what is adopted at the same time shares a listener.
    if (i % 3 === 0) await done;
    if (i % 5000 === 0) await turn();
  }
  await turn();
}

async function heapSize({ collect, heapUsed }) {
  for (let i = 0; i < 3; i += 1) {
    collect();
    await pause(5);
  }
  collect();
  return heapUsed();
}

const collection = {
  'a cancellation arrives after a collection, at depths 1 to 5': async ({ collect }) => {
    if (collect === undefined) lack('nothing collects garbage by hand');
    for (let depth = 1; depth <= 5; depth += 1) {
      for (const how of ['cancel', 'signal', 'deadline']) {
        const heard = [];
        const { scope, abort } = outermost(how);
        const ended = nest(scope, depth, heard);
        await pause(1);
        collect();
        await pause(1);
        collect();
        abort();
        equal(await ended, undefined, `${how} at depth ${depth}`);
        equal(heard.length, depth, `signals aborted by ${how} at depth ${depth}`);
      }
    }
  },
};

function outermost(how) {
  if (how === 'deadline')
    return { scope: new CancelScope({ timeout: 30 }), abort: () => undefined };
  if (how === 'cancel') {
    const scope = new CancelScope();
    return { scope, abort: () => scope.cancel() };
  }
  const controller = new AbortController();
  const scope = new CancelScope({ signal: controller.signal });
  return { scope, abort: () => controller.abort() };
}

/** Only the scopes themselves hold the inner ones. */
function nest(scope, depth, heard) {
  return scope.run(({ signal }) => {
    signal.addEventListener('abort', () => heard.push(depth));
    if (depth > 1) return nest(new CancelScope({ parent: scope }), depth - 1, heard);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  });
}

const rejections = {
  'no failure of a child is ever unhandled, whenever it comes': async ({ onUnhandled }) => {
    const unhandled = [];
    const stop = onUnhandled((error) => unhandled.push(String(error)));
    const instants = {
      'same tick': () => Promise.resolve(),
      microtask: () => new Promise((resolve) => queueMicrotask(resolve)),
      nextTick: () =>
        new Promise((resolve) => {
          if (typeof process === 'object') process.nextTick(resolve);
          else resolve();
        }),
      'next turn': turn,
      timer: () => pause(2),
    };
    for (const [name, instant] of Object.entries(instants)) {
      const fail = async () => {
        if (name !== 'same tick') await instant();
        throw new Error(name);
      };
      const throwing = () => {
        throw new Error(name);
      };
      for (const child of [fail, throwing]) {
        const error = await rejection(
          taskGroup(async (group) => {
            group.spawn(child);
            group.spawn(fail);
            group.spawn(({ signal }) => sleep(60_000, { signal }));
            await pause(5);
          }),
        );
        equal(error.message, name);
        await rejection(timeout(1, () => taskGroup((group) => void group.spawn(slowly(fail)))));
        const handMade = new TaskGroup();
        handMade.spawn(child);
        await pause(4);
        await rejection(handMade[Symbol.asyncDispose]());
      }
    }
    await pause(20);
    stop();
    equal(unhandled, []);
  },
};

/** Fails while it is being cancelled. */
function slowly(fail) {
  return async ({ signal }) => {
    await sleep(60_000, { signal }).catch(() => undefined);
    await fail();
  };
}

export const memory = {
  'signals leave nothing': adoption,
  'cancel after GC': collection,
  'no unhandled rejection': rejections,
};
