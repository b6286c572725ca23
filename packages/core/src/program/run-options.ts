import { isSignal } from '#platform';
import { checkOneOf, checkOptions, checkTime, show } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import type { SignalName } from '../internal/signal-name.ts';

/** Options for {@link run}. */
export interface RunOptions {
  /**
   * The first of them cancels everything and lets cleanup run, the second ends the process at once.
   * Default SIGINT, SIGTERM, and SIGHUP unless the program listens for that one itself.
   */
  readonly signals?: readonly SignalName[] | undefined;
  /** Milliseconds between the first signal, which drains, and the cancellation. Default 0: it cancels at once. */
  readonly drain?: number | undefined;
  /** Milliseconds that cleanup may take after a signal. Default: no limit; after an uncaught error 10,000. */
  readonly grace?: number | undefined;
  /**
   * What an exception or a rejection that was not caught does, unless the program listens for `uncaughtException` itself:
   * - `'shutdown'` (default): it cancels everything and lets cleanup run; `run` rejects with it, and the process
   *   prints it and ends with exit code 1
   * - `'exit'`: it ends the process at once, without any cleanup
   */
  readonly uncaught?: 'shutdown' | 'exit' | undefined;
  /** Default: the host's loop. */
  readonly loop?: EventLoop | undefined;
  /** Keeps where tasks were spawned, and reports slow turns and misuse, at a price. */
  readonly debug?: boolean | undefined;
  /** With `debug`: milliseconds; a synchronous turn that takes longer is reported. Default 100. */
  readonly slowTurn?: number | undefined;
  /** Prints the task tree to stderr on this signal, the first 1,000 lines of it, and which tasks wait for each other. */
  readonly dumpOn?: SignalName | undefined;
  /** Whether the process dies of the signal once everything has ended (default), or `run` rejects. */
  readonly exitOnSignal?: boolean | undefined;
}

export function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options);
  checkFlag('run', 'debug', options.debug);
  checkFlag('run', 'exitOnSignal', options.exitOnSignal);
  if (options.drain !== undefined) checkTime('run', 'drain', options.drain);
  if (options.grace !== undefined) checkTime('run', 'grace', options.grace);
  if (options.slowTurn !== undefined) checkTime('run', 'slowTurn', options.slowTurn);
  if (options.uncaught !== undefined) {
    checkOneOf('run', 'uncaught', options.uncaught, ['shutdown', 'exit']);
  }
  if (options.signals !== undefined && !Array.isArray(options.signals)) {
    throw new TypeError(`run: signals is ${show(options.signals)}; give an array of signal names`);
  }
  for (const signal of options.signals ?? []) checkSignalName('signals', signal);
  if (options.dumpOn !== undefined) checkSignalName('dumpOn', options.dumpOn);
  if (options.loop !== undefined) checkLoop(options.loop);
}

function checkLoop(loop: Partial<EventLoop> | null): void {
  if (typeof loop?.callAt === 'function') return;
  throw new TypeError(
    `run: loop is ${show(loop)}, not an EventLoop; give a VirtualLoop, or nothing`,
  );
}

function checkSignalName(argument: string, name: unknown): void {
  if (isSignal(name)) return;
  throw new TypeError(
    `run: ${argument}: ${show(name)} is no signal that can be handled; give names like 'SIGTERM'`,
  );
}
