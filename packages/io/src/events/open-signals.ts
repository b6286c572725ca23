import { currentScope, InvalidStateError } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import {
  currentLoop,
  endsByDraining,
  giveTo,
  onDraining,
  park,
  show,
  splitOptions,
  untilDraining,
  yieldIfDue,
  refused,
} from '@ambit/core/lowlevel';
import type { SignalOptions, Waker } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import { BusyResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Holding } from '../ownership.ts';
import { INTERRUPTED, Pieces } from '../pieces.ts';
import { LONGEST_DELAY } from '../real-work.ts';

/**
 * The signals that a process gets. Made by {@link openSignals}.
 *
 * @example
 * using hangUps = openSignals('SIGHUP');
 * for await (const _ of hangUps) await reload();
 */
export class SignalReceiver implements AsyncIterable<NodeJS.Signals>, Disposable, AsyncDisposable {
  readonly #names: ReadonlySet<NodeJS.Signals>;
  readonly #options: SignalOptions;
  /** Those that came and were not received yet, oldest first. */
  readonly #pending = new Set<NodeJS.Signals>();
  readonly #holding: Holding;
  readonly #draining: Disposable;
  #waker: Waker<void> | undefined;
  #isReceiving = false;
  #isClosed = false;
  /** No more come: the default action is back. */
  #isDrained = false;

  /** @internal */
  constructor(names: readonly NodeJS.Signals[], options: SignalOptions) {
    this.#names = new Set(names);
    this.#options = options;
    for (const name of this.#names) process.on(name, this.#onSignal);
    this.#holding = own(this);
    const scope = currentScope();
    // A cancelled scope drains too: then the signals stay ours until the group around has ended.
    this.#draining = onDraining(() => {
      if (scope.reason === undefined) this.#drain();
    });
  }

  /** What came is still given. */
  #drain(): void {
    this.#isDrained = true;
    this.#stopListening();
    this.#wake();
  }

  #stopListening(): void {
    for (const name of this.#names) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#pending.add(name);
    this.#wake();
  };

  #wake(): void {
    const waker = this.#waker;
    this.#waker = undefined;
    waker?.wake();
  }

  #interrupt(): void {
    const waker = this.#waker;
    if (waker === undefined) return;
    this.#waker = undefined;
    this.#isReceiving = false;
    waker.fail(INTERRUPTED);
  }

  /**
   * The signals as they come. Leaving the loop does not close the receiver; closing the receiver ends the loop; `return()`
   * ends a `next()` that waits, which takes none. A wait for the next signal keeps the process alive.
   *
   * @throws (`next` rejects) the ambient scope's CancelledError, and then no signal is lost; BusyResourceError if
   *   another loop is waiting
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<NodeJS.Signals> {
    return new Pieces<NodeJS.Signals>({
      receive: () => this.#receive(),
      _interrupt: () => this.#interrupt(),
    });
  }

  async #receive(): Promise<NodeJS.Signals | undefined> {
    try {
      return await this.#receiveNext();
    } catch (error) {
      if (this.#options.signal?.aborted === true) this[Symbol.dispose]();
      return refused(error);
    }
  }

  async #receiveNext(): Promise<NodeJS.Signals | undefined> {
    const isOver = endsByDraining(this.#options) || this.#isClosed || this.#isDrained;
    if (this.#isReceiving) {
      throw new BusyResourceError(
        `openSignals: another loop waits for the next of ${this.#label()}; a signal goes to one of them, so have one receiver for each`,
      );
    }
    // A wake-up takes nothing: the call that returns a signal takes it.
    if (this.#pending.size === 0 && !isOver) await this.#nextSignal();
    else await yieldIfDue();
    return this.#take();
  }

  #take(): NodeJS.Signals | undefined {
    const [name] = this.#pending;
    if (name !== undefined) this.#pending.delete(name);
    return name;
  }

  async #nextSignal(): Promise<void> {
    // A listener for signals alone does not keep the process alive, and a call waits here.
    const alive = node.timers.setInterval(() => undefined, LONGEST_DELAY);
    try {
      await untilDraining(() => this.#untilWoken(), undefined);
    } finally {
      node.timers.clearInterval(alive);
    }
  }

  // One that is cancelled has left at once, whenever its caller goes on.
  async #untilWoken(): Promise<void> {
    await park<void>(
      (waker) => {
        this.#waker = waker;
        this.#isReceiving = true;
        return () => {
          this.#waker = undefined;
          this.#isReceiving = false;
        };
      },
      { signal: this.#options.signal, name: () => `the next of ${this.#label()}` },
    );
    this.#isReceiving = false;
  }

  #label(): string {
    return [...this.#names].join(', ');
  }

  /**
   * Gives the signals back their default action, unless other code listens. One that came and was not received is
   * sent again then: it takes that action.
   */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#draining[Symbol.dispose]();
    this.#stopListening();
    const undelivered = [...this.#pending];
    this.#pending.clear();
    this.#holding.release();
    this.#wake();
    for (const name of undelivered) {
      // Other listeners have had it already.
      if (process.listenerCount(name) === 0) process.kill(process.pid, sendable(name));
    }
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  /** As `Symbol.dispose`, a moment later: a signal that is on its way is not lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    // The turn that is under way may be past the point where it looks for signals.
    for (let turn = 0; turn < 2; turn += 1) await this.#nextTurn();
    this[Symbol.dispose]();
  }

  #nextTurn(): Promise<void> {
    return park<void>((waker) => void currentLoop().callNext(() => waker.wake()), {
      shield: true,
      name: () => `the last of ${this.#label()}`,
    });
  }
}

/**
 * Receives signals in a loop instead of having their default action. A signal that comes again before it was received
 * counts once; none is lost, and of several kinds each has its turn. It belongs to the group around the call, which
 * closes it at its end; outside of any, and for less time, dispose of it. When the scope around the call drains, the default
 * action is back at once; loops get the signals that came before, and end.
 *
 * Inside `run()` the signals that `run()` handles still cancel the program: give `run` other `signals` to receive SIGINT
 * or SIGTERM here. In worker threads there are no signals.
 *
 * @param input - 'SIGHUP', 'SIGUSR2', …. Options may come after the names: `signal` ends the loops: `next()` rejects with
 *   `signal.reason`, and the receiver is closed
 * @throws TypeError if a name is none, or of a signal that cannot be handled; InvalidStateError in a worker thread
 * @example
 * group.spawn(
 *   async () => {
 *     for await (const signal of openSignals('SIGHUP')) await reload();
 *   },
 *   { daemon: true },
 * );
 */
export function openSignals(
  ...input:
    readonly NodeJS.Signals[] | readonly [...names: NodeJS.Signals[], options: SignalOptions]
): SignalReceiver {
  const [names, options = {}] = splitOptions<NodeJS.Signals>('openSignals', input);
  if (names.length === 0) throw new TypeError("openSignals: no signal is named; give 'SIGHUP' say");
  for (const name of names) checkSignalName(name);
  if (!node.workerThreads.isMainThread) {
    throw new InvalidStateError(
      'openSignals: this is a worker thread, which gets no signals; receive them in the main thread and send a message',
    );
  }
  return new SignalReceiver(names, options);
}

// Windows sends no others to a process; each of them ends it.
function sendable(name: NodeJS.Signals): NodeJS.Signals {
  return process.platform === 'win32' ? 'SIGTERM' : name;
}

function checkSignalName(name: unknown): void {
  if (name === 'SIGKILL' || name === 'SIGSTOP') {
    throw new TypeError(`openSignals: ${name} cannot be handled; leave it out`);
  }
  if (typeof name === 'string' && Object.hasOwn(node.os.constants.signals, name)) return;
  throw new TypeError(`openSignals: ${show(name)} is no signal here; give names like 'SIGHUP'`);
}
