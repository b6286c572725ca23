import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { decodeThrown, encodeThrown } from './error-codec.ts';
import type { Encoded } from './error-codec.ts';
import type { ThreadEnd, WorkerReply, WorkerRequest, WorkerTask } from './worker-messages.ts';
import { ambientWorkerScope, WorkerScope } from './worker-scope.ts';

/** What runs in the threads of a WorkerPool. */

const { port, flag } = workerData as ThreadEnd;
let current: { readonly id: number; readonly cancel: (reason: Encoded) => void } | undefined;

// The listener keeps the thread alive; its pool ends it.
port.on('message', take);
port.on('messageerror', (error: unknown) => {
  throw error;
});

function take(request: WorkerRequest): void {
  // eslint-disable-next-line @ambit/no-unowned-task -- the caller waits, in the other thread
  if (request.is === 'call') void answer(request);
  else if (request.id === current?.id) current.cancel(request.reason);
}

async function answer(request: WorkerRequest & { readonly is: 'call' }): Promise<void> {
  const message = await replyTo(request);
  current = undefined;
  reply(request, message);
}

/** Reads what has come while the thread was busy. */
function drain(): void {
  for (;;) {
    const message = receiveMessageOnPort(port);
    if (message === undefined) return;
    take(message.message as WorkerRequest);
  }
}

async function replyTo(task: WorkerTask & { readonly id: number }): Promise<WorkerReply> {
  const { id, args } = task;
  const look = (): void => {
    if (Atomics.load(flag, 0) === id && current?.id === id) drain();
  };
  const scope = new WorkerScope(look);
  current = { id, cancel: (reason) => scope.cancel(decodeThrown(reason)) };
  // The caller may have been cancelled since.
  look();
  try {
    const done = await scope.run(async () => {
      const fn = await load(task);
      // That took its time, and a cancelled caller starts nothing.
      scope.throwIfCancelled();
      return { value: await ambientWorkerScope.run(scope, () => fn(...args)) };
    });
    return done === undefined ? { is: 'cancelled' } : { is: 'value', value: done.value };
  } catch (error) {
    return { is: 'error', error: encodeThrown(error) };
  }
}

type Callable = (...args: readonly unknown[]) => unknown;

async function load({ module, name }: WorkerTask): Promise<Callable> {
  const exported = modules.get(module) ?? (await importAll(module));
  // What CommonJS exports may be in its `default` only.
  const found = exported[name] ?? ownOf(exported['default'], name);
  if (typeof found === 'function') return found as Callable;
  const what = found === undefined ? `does not export ${name}` : `exports ${name}, no function`;
  const names = Object.keys(exported).join(', ');
  throw new TypeError(`${module} ${what}; its exports are: ${names === '' ? 'none' : names}`);
}

// What every object inherits is no export.
function ownOf(value: unknown, name: string): unknown {
  if (value === undefined || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The modules that were loaded. To ask the loader again would take as long as a short call. */
const modules = new Map<string, Record<string, unknown>>();

async function importAll(module: string): Promise<Record<string, unknown>> {
  try {
    const exported = (await import(module)) as Record<string, unknown>;
    modules.set(module, exported);
    return exported;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new Error(`${module} cannot be loaded: ${why}`, { cause });
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw Object.assign(error, code === undefined ? {} : { code });
  }
}

function reply({ module, name }: WorkerTask, message: WorkerReply): void {
  try {
    port.postMessage(message);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new TypeError(
      `${name} of ${module} returned what cannot leave its thread: ${why}; return plain data`,
      { cause },
    );
    port.postMessage({ is: 'error', error: encodeThrown(error) } satisfies WorkerReply);
  }
}
