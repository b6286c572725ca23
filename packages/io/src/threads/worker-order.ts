import { checkDuration, checkOneOf, checkOptions, checkSignal, show } from '@ambit/core/lowlevel';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Transferable } from 'node:worker_threads';
import type { WaitOptions } from '../cancellable.ts';
import { checkString } from '../check.ts';
import type { OnCancel, WorkerOrder } from './worker-call.ts';

/** Options for `WorkerPool.run`. */
export interface WorkerRunOptions extends WaitOptions {
  /** What of the arguments is handed over instead of copied: ArrayBuffers, ports, streams. */
  readonly transfer?: readonly Transferable[] | undefined;
  /**
   * If the caller is cancelled. 'cooperate' (default): the scope of the function is cancelled, and after `grace` the
   * thread is terminated. 'terminate': at once, and no `finally` runs. 'abandon': the caller goes on at once, the
   * function's scope is cancelled, what it comes to is dropped, and the thread is busy until it has ended.
   */
  readonly onCancel?: OnCancel | undefined;
  /** Milliseconds that the function has for its cleanup. Default 1000; `Infinity`: as long as it takes. */
  readonly grace?: number | undefined;
}

/** The call, as the caller wrote it. */
interface Asked extends Pick<WorkerOrder, 'name' | 'args'> {
  readonly module: unknown;
}

/** The order for a call, checked and complete. */
export function orderOf({ module, name, args }: Asked, options: WorkerRunOptions): WorkerOrder {
  checkOptions('run', options);
  checkString('run', 'name', name);
  checkArray('args', args);
  const { transfer = [], onCancel = 'cooperate', grace = 1000 } = options;
  checkArray('transfer', transfer);
  checkOneOf('run', 'onCancel', onCancel, ['cooperate', 'terminate', 'abandon']);
  checkDuration('run', 'grace', grace);
  checkSignal('run', options.signal);
  return { module: urlOf(module), name, args, transfer, onCancel, grace };
}

function checkArray(argument: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TypeError(`run: ${argument} is ${show(value)}; give an array`);
}

function urlOf(module: unknown): string {
  // By shape: a URL may be of another realm.
  if (typeof module === 'object' && module !== null && 'href' in module) return String(module.href);
  if (typeof module !== 'string' || module === '') {
    throw new TypeError(
      `run: module is ${show(module)}; give a URL, for example new URL('./work.js', import.meta.url), or a path`,
    );
  }
  // One letter and a colon is a drive of Windows.
  return /^[a-z][a-z\d+.-]+:/i.test(module) ? module : pathToFileURL(resolve(module)).href;
}
