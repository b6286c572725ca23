import { checkDuration, checkOneOf, checkOptions, checkSignal, show } from '../internal/check.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/** Options for {@link WebWorkerPool.run}. @beta */
export interface WebWorkerRunOptions extends SignalOptions {
  /** What of the arguments is handed over instead of copied: ArrayBuffers, ports, streams, ImageBitmaps, … */
  readonly transfer?: readonly object[] | undefined;
  /**
   * If the caller is cancelled. 'cooperate' (default): the scope of the function is cancelled, and after `grace` its worker is
   * terminated. 'terminate': at once, and no `finally` runs. 'abandon': the caller goes on at once, the function's scope is
   * cancelled, its outcome is dropped, and the worker is busy until it has ended.
   */
  readonly onCancel?: 'cooperate' | 'terminate' | 'abandon' | undefined;
  /** Milliseconds that the function has for its cleanup. Default: 1000; `Infinity`: as long as it takes. */
  readonly grace?: number | undefined;
}

/** What is to be called. */
export interface Order {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly transfer: readonly object[];
  readonly onCancel: 'cooperate' | 'terminate' | 'abandon';
  readonly grace: number;
  readonly signal: AbortSignal | undefined;
}

/** The order for a call, checked and complete. */
export function orderOf(name: unknown, args: unknown, options: WebWorkerRunOptions = {}): Order {
  checkOptions('run', options);
  if (typeof name !== 'string') {
    throw new TypeError(`run: name is ${show(name)}; give the name of a function of the worker`);
  }
  checkArray('args', args);
  const { transfer = [], onCancel = 'cooperate', grace = 1000, signal } = options;
  checkArray('transfer', transfer);
  checkOneOf('run', 'onCancel', onCancel, ['cooperate', 'terminate', 'abandon']);
  checkDuration('run', 'grace', grace);
  checkSignal('run', signal);
  return { name, args, transfer, onCancel, grace, signal };
}

function checkArray(argument: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new TypeError(`run: ${argument} is ${show(value)}; give an array`);
}
