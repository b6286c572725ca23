import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { decodeThrown, encodeThrown } from './error-codec.ts';
import type { Encoded } from './error-codec.ts';
import { ambientWorkerScope, WorkerScope } from './worker-scope.ts';

/** What runs in the threads of a WorkerPool. */

export interface WorkerTask {
  /** Messages of this one call. The arguments are there already. */
  readonly port: MessagePort;
  /** Not 0: the caller has been cancelled, and the port has the reason. */
  readonly flag: Int32Array;
  /** URL of the module. */
  readonly module: string;
  /** What it exports. */
  readonly name: string;
}

export type WorkerRequest =
  | { readonly is: 'call'; readonly args: readonly unknown[] }
  | { readonly is: 'cancel'; readonly reason: Encoded };

export type WorkerReply =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'error'; readonly error: Encoded }
  | { readonly is: 'cancelled' };

/** What the pool calls in the thread. Never rejects: whatever it came to is a message on the port. */
export async function call(task: WorkerTask): Promise<void> {
  const { port } = task;
  const request = receiveMessageOnPort(port)?.message as WorkerRequest;
  reply(port, task, await replyTo(task, request.is === 'call' ? request.args : []));
}

async function replyTo(task: WorkerTask, args: readonly unknown[]): Promise<WorkerReply> {
  const { port, flag } = task;
  const cancel = (message: WorkerRequest | undefined): void => {
    if (message?.is === 'cancel') scope.cancel(decodeThrown(message.reason));
  };
  const scope = new WorkerScope(() => {
    if (Atomics.load(flag, 0) !== 0) {
      cancel(receiveMessageOnPort(port)?.message as WorkerRequest | undefined);
    }
  });
  port.on('message', cancel);
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
    port.off('message', cancel);
  }
}

type Callable = (...args: readonly unknown[]) => unknown;

async function load({ module, name }: WorkerTask): Promise<Callable> {
  const exported = await importAll(module);
  // What CommonJS exports may be in its `default` only.
  const inDefault = exported['default'] as Record<string, unknown> | undefined | null;
  const found = exported[name] ?? inDefault?.[name];
  if (typeof found === 'function') return found as Callable;
  const what = found === undefined ? `does not export ${name}` : `exports ${name}, no function`;
  const names = Object.keys(exported).join(', ');
  throw new TypeError(`${module} ${what}; its exports are: ${names === '' ? 'none' : names}`);
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
