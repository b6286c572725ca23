// The calls that wait of core's further doors; see core-calls.mjs.
import { sleep } from '@ambit/core';
import * as abort from '@ambit/core/abort';
import { Action, debounce, throttle } from '@ambit/core/actions';
import * as iter from '@ambit/core/iter';
import { untilOnline, untilVisible, webWorkerPool } from '@ambit/core/web';
import { lack } from '../harness.mjs';
import { aborted, drain, last, LONG, never, wait } from './pauses.mjs';

const { interval } = iter;

const aborts = {
  abortable: (options) => abort.abortable(never(), options),
  execute: (options) => abort.execute(() => () => undefined, options),
  forever: (options) => abort.forever(options),
  fromAbortable: () => abort.fromAbortable(aborted)(),
  proactiveRetry: (options) => abort.proactiveRetry(fail, { baseMs: 5, ...options }),
  waitForEvent: (options) => abort.waitForEvent(new globalThis.EventTarget(), 'x', options),
  withSignal: (options) => abort.withSignal(aborted, options),
};

async function fail() {
  throw new Error('on purpose');
}

const actions = {
  'Action.perform': () => new Action(wait).perform(),
  debounce: () => debounce(wait, 1)(),
  throttle: () => throttle(wait, 1)(),
};

const pieces = iter.safe(async function* () {
  for (;;) {
    await sleep(5);
    yield 1;
  }
});

const iterators = {
  batch: (options) => drain(iter.batch(interval(5), { size: 2, ...options })),
  buffer: (options) => drain(iter.buffer(interval(5), 2, options)),
  closing: (options) => drain(iter.closing(interval(5), options)),
  debounce: (options) => drain(iter.debounce(interval(5), LONG, options)),
  fromEvents: (options) => drain(iter.fromEvents(new globalThis.EventTarget(), 'x', options)),
  interval: (options) => drain(interval(5, options)),
  latest: (options) => drain(iter.latest(interval(5), options)),
  mapConcurrent: (options) =>
    drain(iter.mapConcurrent([1, 2, 3], (n) => (n === 2 ? wait() : n), { limit: 1, ...options })),
  merge: (options) => drain(iter.merge(interval(5), interval(5), ...last(options))),
  safe: (options) => drain(pieces.with(options)()),
  share: (options) => drain(iter.share(interval(5), options)),
  throttle: (options) => drain(iter.throttle(interval(5), 1, options)),
  timeoutEach: (options) => drain(iter.timeoutEach(interval(5), LONG, options)),
  zip: (options) => drain(iter.zip(interval(5), interval(5), ...last(options))),
};

const web = {
  untilOnline: (options) => pretending('navigator', 'onLine', false, () => untilOnline(options)),
  untilVisible: (options) =>
    pretending('document', 'visibilityState', 'hidden', () => untilVisible(options)),
  'WebWorkerPool.run': (options) =>
    webWorkerPool(silentWorker, { size: 1 }).run('spin', [], options),
};

/** While the call begins, a property of the page says otherwise. */
function pretending(owner, name, value, call) {
  const target = globalThis[owner];
  if (target?.[name] === undefined) lack(`no ${owner}.${name}`);
  Object.defineProperty(target, name, { configurable: true, value });
  try {
    return call();
  } finally {
    delete target[name];
  }
}

/** Looks like a worker, and never answers. */
function silentWorker() {
  const nothing = () => undefined;
  return { addEventListener: nothing, postMessage: nothing, terminate: nothing };
}

export const doorCalls = {
  '@ambit/core/abort': aborts,
  '@ambit/core/actions': actions,
  '@ambit/core/iter': iterators,
  '@ambit/core/web': web,
};
