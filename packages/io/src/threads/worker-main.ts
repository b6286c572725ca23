import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { decodeThrown, encodeThrown } from './error-codec.ts';
import type { Encoded } from './error-codec.ts';
import type { ThreadEnd, WorkerReply, WorkerRequest, WorkerTask } from './worker-messages.ts';
import { ambientWorkerScope, WorkerScope } from './worker-scope.ts';

/** What runs in the threads of a WorkerPool. */

let end: ThreadEnd | undefined;
/** What has come for a call, before it began or since. */
const requests = new Map<number, { args?: readonly unknown[]; reason?: Encoded }>();
let current: { readonly id: number; readonly cancel: (reason: Encoded) => void } | undefined;

/** Called by the pool in the thread. Never rejects: the outcome is a message on the port. */
export async function call(task: WorkerTask): Promise<void> {
  const { port } = (end ??= opened(task.end as ThreadEnd));
  drain(port);
  reply(port, task, await replyTo(task, requests.get(task.id)?.args ?? []));
  requests.clear();
}

function opened(first: ThreadEnd): ThreadEnd {
  first.port.on('message', take);
  // What keeps the thread alive is its pool.
  first.port.unref();
  return first;
}

function drain(port: MessagePort): void {
  for (;;) {
    const message = receiveMessageOnPort(port);
    if (message === undefined) return;
    take(message.message as WorkerRequest);
  }
}

function take(request: WorkerRequest): void {
  const known = requests.get(request.id) ?? {};
  requests.set(request.id, known);
  if (request.is === 'call') known.args = request.args;
  else if (request.id === current?.id) current.cancel(request.reason);
  else known.reason = request.reason;
}

async function replyTo(task: WorkerTask, args: readonly unknown[]): Promise<WorkerReply> {
  const { port, flag } = end as ThreadEnd;
  const { id } = task;
  const scope = new WorkerScope(() => {
    if (Atomics.load(flag, 0) === id && current?.id === id) drain(port);
  });
  current = { id, cancel: (reason) => scope.cancel(decodeThrown(reason)) };
  const early = requests.get(id)?.reason;
  if (early !== undefined) current.cancel(early);
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
  } finally {
    current = undefined;
  }
}

type Callable = (...args: readonly unknown[]) => unknown;

async function load({ module, name }: WorkerTask): Promise<Callable> {
  const exported = await importAll(module);
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

async function importAll(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(module)) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new Error(`${module} cannot be loaded: ${why}`, { cause });
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw Object.assign(error, code === undefined ? {} : { code });
  }
}

function reply(port: MessagePort, { module, name }: WorkerTask, message: WorkerReply): void {
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
