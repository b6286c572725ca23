import { messageOf } from '@ambit/core/lowlevel';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { encodeThrown } from './error-codec.ts';
import { openFrames } from './open-frames.ts';
import { ThreadCall } from './thread-call.ts';
import type { Returned } from './thread-call.ts';
import { knownFunction, loadFunction } from './worker-functions.ts';
import type { Callable } from './worker-functions.ts';
import type { ThreadEnd, WorkerReply, WorkerRequest } from './worker-messages.ts';

/*
 * What runs in the threads of a WorkerPool. It is all that a thread loads by itself: core comes with the code that is called, if that
 * uses it.
 */

type Call = WorkerRequest & { readonly is: 'call' };

const { port, flag } = workerData as ThreadEnd;
const frames = openFrames();
let current: ThreadCall | undefined;

// The listener keeps the thread alive; its pool ends it.
port.on('message', take);
port.on('messageerror', (error: unknown) => {
  throw error;
});

function take(request: WorkerRequest): void {
  if (request.is === 'call') begin(request);
  else if (request.id === current?.id) current.cancel(request.reason);
}

/** Reads what has come while the thread was busy. */
function drain(): void {
  for (;;) {
    const message = receiveMessageOnPort(port);
    if (message === undefined) return;
    take(message.message as WorkerRequest);
  }
}

function begin(request: Call): void {
  const { id } = request;
  const call = new ThreadCall(id, frames, () => {
    if (Atomics.load(flag, 0) === id && current?.id === id) drain();
  });
  current = call;
  try {
    const fn = knownFunction(request);
    if (fn !== undefined) start(call, request, fn);
    // eslint-disable-next-line @ambit/no-unowned-task -- the caller waits, in the other thread
    else void load(call, request);
  } catch (error) {
    fail(request, error);
  }
}

async function load(call: ThreadCall, request: Call): Promise<void> {
  try {
    const fn = await loadFunction(request);
    start(call, request, fn);
  } catch (error) {
    fail(request, error);
  }
}

function start(call: ThreadCall, request: Call, fn: Callable): void {
  // The caller may have been cancelled since, and a cancelled caller starts nothing.
  if (Atomics.load(flag, 0) === call.id) drain();
  if (call.isCancelled) {
    finish(request, { is: 'cancelled' });
    return;
  }
  const returned = call.run(() => resultOf(fn, request.args));
  // Not by its class: code may have put another one in place of the global one.
  if (!('value' in returned) || call.hasScope) {
    // eslint-disable-next-line @ambit/no-unowned-task -- as above
    void finishLater(call, request, returned);
  } else finish(request, { is: 'value', value: returned.value });
}

/** Without a promise if there is nothing to wait for. */
function resultOf(fn: Callable, args: readonly unknown[]): Returned | Promise<Returned> {
  try {
    const value = fn(...args);
    return isThenable(value) ? awaited(value) : { value };
  } catch (error) {
    return Promise.reject(error);
  }
}

async function awaited(value: PromiseLike<unknown>): Promise<Returned> {
  return { value: await value };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return 'then' in value && typeof value.then === 'function';
}

async function finishLater(
  call: ThreadCall,
  request: Call,
  outcome: Returned | Promise<Returned>,
): Promise<void> {
  const returned = settling(outcome);
  // Until then it may ask for its scope.
  await returned.catch(() => undefined);
  try {
    const done = await call.end(returned);
    finish(request, done === undefined ? { is: 'cancelled' } : { is: 'value', value: done.value });
  } catch (error) {
    fail(request, error);
  }
}

async function settling(outcome: Returned | Promise<Returned>): Promise<Returned> {
  return outcome;
}

function fail(request: Call, error: unknown): void {
  finish(request, { is: 'error', error: encodeThrown(error) });
}

function finish({ module, name }: Call, reply: WorkerReply): void {
  current = undefined;
  try {
    port.postMessage(reply);
  } catch (cause) {
    const why = messageOf(cause);
    const error = new TypeError(
      `${name} of ${module} returned what cannot leave its thread: ${why}; return plain data`,
      { cause },
    );
    port.postMessage({ is: 'error', error: encodeThrown(error) } satisfies WorkerReply);
  }
}
