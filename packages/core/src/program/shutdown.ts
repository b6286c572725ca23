import {
  crash,
  describeUncaught,
  dieOf,
  exit,
  exitCodeOf,
  isHeardByOthers,
  onSignal,
  onUncaught,
  printError,
} from '#platform';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { hostLoop } from '../loop/event-loop.ts';
import type { Handle } from '../loop/event-loop.ts';
import type { SignalName } from '../internal/signal-name.ts';
import { suppress } from '../internal/suppressed-errors.ts';
import type { RunOptions } from './run-options.ts';

/** What has asked the program to end. */
type Cause =
  | { readonly is: 'signal'; readonly signal: SignalName }
  | { readonly is: 'uncaught'; readonly error: unknown };

// Milliseconds: a program of whose state nothing is known any more has no right to hold the process up for long.
const GRACE_OF_UNCAUGHT = 10_000;

/**
 * How the world ends a program: by a signal, or by an error that was not caught. The first cancels the scope of the run, so
 * that cleanup runs; what the process does then is decided when the run has ended.
 */
export class Shutdown implements Disposable {
  readonly #scope: CancelScope;
  readonly #options: RunOptions;
  readonly #dump: (title: string) => void;
  readonly #hooks: Disposable[] = [];
  #cause: Cause | undefined;
  #timer: Handle | undefined;

  /** `dump` prints the task tree under a title. */
  constructor(scope: CancelScope, options: RunOptions, dump: (title: string) => void) {
    this.#scope = scope;
    this.#options = options;
    this.#dump = dump;
  }

  /** Begins to listen. */
  hook(): void {
    const { signals, uncaught = 'shutdown' } = this.#options;
    for (const signal of signals ?? (['SIGINT', 'SIGTERM'] as const)) this.#listen(signal);
    if (signals === undefined) this.#listenForHangUp();
    if (uncaught === 'shutdown') this.#hooks.push(onUncaught((error) => this.#uncaught(error)));
  }

  #listen(signal: SignalName): void {
    this.#hooks.push(onSignal(signal, () => this.#signalled(signal)));
  }

  // Daemons take it for "read the configuration again". They may begin to listen later than we do.
  #listenForHangUp(): void {
    if (isHeardByOthers('SIGHUP')) return;
    const hungUp = (): void => {
      if (!isHeardByOthers('SIGHUP')) this.#signalled('SIGHUP');
    };
    this.#hooks.push(onSignal('SIGHUP', hungUp));
  }

  #signalled(signal: SignalName): void {
    if (this.#cause === undefined) this.#begin({ is: 'signal', signal }, signal);
    else exit(exitCodeOf(signal));
  }

  #uncaught(error: unknown): void {
    if (this.#cause === undefined) this.#begin({ is: 'uncaught', error }, error);
    else printError(describeUncaught(error));
  }

  #begin(cause: Cause, reason: unknown): void {
    this.#cause = cause;
    const { drain = 0 } = this.#options;
    if (cause.is === 'uncaught' || drain <= 0) {
      this.#cancel(cause, reason);
      return;
    }
    this.#timer = hostLoop.callLater(drain, () => this.#cancel(cause, reason));
    this.#scope.drain({ reason });
  }

  #cancel(cause: Cause, reason: unknown): void {
    this.#scope._cancelBy('shutdown', reason);
    const { grace = cause.is === 'signal' ? Infinity : GRACE_OF_UNCAUGHT } = this.#options;
    this.#timer = hostLoop.callLater(grace, () => this.#graceIsOver(cause, grace));
  }

  #graceIsOver(cause: Cause, grace: number): void {
    const what = cause.is === 'signal' ? cause.signal : 'an uncaught error';
    this.#dump(`The time for cleanup after ${what}, ${String(grace)} ms, is over. Still running:`);
    if (cause.is === 'signal') exit(exitCodeOf(cause.signal));
    else crash(cause.error);
  }

  /** Whether an error that was not caught has the last word, though main may have finished anyway. */
  get isByError(): boolean {
    return this.#cause?.is === 'uncaught';
  }

  /** The run has ended with an error: it comes out, or the process ends by the signal. */
  async rejected(error: unknown): Promise<never> {
    const isCancellation = error === this.#scope.reason;
    if (this.#cause?.is === 'uncaught') {
      return this.#crash(this.#cause.error, isCancellation ? [] : [error]);
    }
    if (this.#cause === undefined || !isCancellation) throw error;
    if (this.#options.exitOnSignal === false) throw error;
    return dieOf(this.#cause.signal);
  }

  /** `more`: what failed in the cleanup. */
  #crash(error: unknown, more: readonly unknown[]): never {
    suppress(error, more);
    // A turn later: the caller of `run` gets it first, and if it handles no rejection, Node prints it and exits.
    hostLoop.callNext(() => crash(error));
    throw error;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    for (const hook of this.#hooks.splice(0)) hook[Symbol.dispose]();
  }
}
