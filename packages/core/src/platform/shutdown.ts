import type { Handle } from '../loop/event-loop.ts';
import type { SignalName } from '../internal/signal-name.ts';
import { crash, describeUncaught, printError } from './crash.ts';
import type { ControlledRun, ProcessControl, ProcessOptions } from './process-control.ts';
import {
  dieOf,
  exit,
  exitCodeOf,
  isHeardByOthers,
  onDeadEnd,
  onSignal,
  onUncaught,
  setExitCode,
} from './process-events.ts';

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
class Shutdown implements ProcessControl {
  readonly #run: ControlledRun;
  readonly #options: ProcessOptions;
  readonly #hooks: Disposable[] = [];
  #cause: Cause | undefined;
  #timer: Handle | undefined;

  constructor(run: ControlledRun, options: ProcessOptions) {
    this.#run = run;
    this.#options = options;
  }

  hook(): void {
    const { signals, uncaught = 'shutdown', dumpOn } = this.#options;
    for (const signal of signals ?? (['SIGINT', 'SIGTERM'] as const)) this.#listen(signal);
    if (signals === undefined) this.#listenForHangUp();
    if (uncaught === 'shutdown') this.#hooks.push(onUncaught((error) => this.#uncaught(error)));
    if (dumpOn !== undefined) {
      this.#hooks.push(onSignal(dumpOn, () => this.#run.dump(`${dumpOn}:`)));
    }
    this.#hooks.push(onDeadEnd(() => this.#deadlock()));
  }

  #deadlock(): void {
    this.#run.dump('Deadlock: nothing is left that could wake the program, and it has not ended:');
    setExitCode(13);
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
    const { loop, scope } = this.#run;
    this.#timer = loop.callLater(drain, () => this.#cancel(cause, reason));
    scope.drain({ reason });
  }

  #cancel(cause: Cause, reason: unknown): void {
    const { loop, scope } = this.#run;
    scope._cancelBy('shutdown', reason);
    const { grace = cause.is === 'signal' ? Infinity : GRACE_OF_UNCAUGHT } = this.#options;
    this.#timer = loop.callLater(grace, () => this.#graceIsOver(cause, grace));
  }

  #graceIsOver(cause: Cause, grace: number): void {
    const what = cause.is === 'signal' ? cause.signal : 'an uncaught error';
    this.#run.dump(
      `The time for cleanup after ${what}, ${String(grace)} ms, is over. Still running:`,
    );
    if (cause.is === 'signal') exit(exitCodeOf(cause.signal));
    else crash(cause.error);
  }

  get isByError(): boolean {
    return this.#cause?.is === 'uncaught';
  }

  async rejected(error: unknown): Promise<never> {
    const isCancellation = error === this.#run.scope.reason;
    if (this.#cause?.is === 'uncaught') {
      return this.#crash(this.#cause.error, isCancellation ? [] : [error]);
    }
    if (this.#cause === undefined || !isCancellation) throw error;
    if (this.#options.exitOnSignal === false) throw error;
    return dieOf(this.#cause.signal);
  }

  /** `more`: what failed in the cleanup. */
  #crash(error: unknown, more: readonly unknown[]): never {
    this.#run.suppress(error, more);
    // A turn later: the caller of `run` gets it first, and if it handles no rejection, Node prints it and exits.
    this.#run.loop.callNext(() => crash(error));
    throw error;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    for (const hook of this.#hooks.splice(0)) hook[Symbol.dispose]();
  }
}

/** Binds a run to the signals and the end of the process. */
export function controlProcess(run: ControlledRun, options: ProcessOptions): ProcessControl {
  return new Shutdown(run, options);
}
