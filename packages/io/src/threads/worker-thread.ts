import type { ResourceLimits, Transferable } from 'node:worker_threads';
import type { Thread } from './worker-call.ts';
import { WorkerChannel } from './worker-channel.ts';
import { workerFile } from './worker-file.ts';
import type { call } from './worker-main.ts';
import type { WorkerTask } from './worker-messages.ts';

/** Options for `WorkerThread`. */
export interface WorkerThreadOptions {
  /** Milliseconds after which an idle thread ends. */
  readonly idleTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** What is used of Piscina. Its own declarations do not pass `exactOptionalPropertyTypes`, ours shall. */
interface Piscina {
  readonly threads: readonly unknown[];
  run(
    ...args: [...Parameters<typeof call>, { transferList: readonly Transferable[] }]
  ): ReturnType<typeof call>;
  destroy(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): this;
  on(event: 'workerDestroy', listener: () => void): this;
}

export type PiscinaClass = new (options: Readonly<Record<string, unknown>>) => Piscina;

// A name that the compiler does not look up: see above.
const PISCINA: string = 'piscina';

let loaded: Promise<PiscinaClass> | undefined;

/** Loaded only by programs that use threads. */
export function loadPiscina(): Promise<PiscinaClass> {
  loaded ??= import(PISCINA).then((module: { Piscina: PiscinaClass }) => module.Piscina);
  return loaded;
}

// What a timer can hold; more would be 1 ms.
const LONGEST = 2 ** 31 - 1;

/**
 * A thread, one call at a time. It starts with the first call, ends when it was idle for long or broke, and starts again
 * with the next.
 *
 * Each is a Piscina of one thread, and never has a second call in its queue: so a failure of a thread always belongs
 * to a known call.
 */
export class WorkerThread implements Thread {
  readonly #piscina: Piscina;
  /** Rejects the call that is under way. */
  #fail: ((cause: unknown) => void) | undefined;
  #ending: Promise<void> | undefined;
  #channel: WorkerChannel | undefined;

  constructor(PiscinaClass: PiscinaClass, { idleTimeout, resourceLimits }: WorkerThreadOptions) {
    this.#piscina = new PiscinaClass({
      filename: workerFile(),
      name: 'call',
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleTimeout > LONGEST ? Infinity : idleTimeout,
      // With them, an idle thread is paused: work of a module's own, for example a timer, would be too.
      atomics: 'disabled',
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // Of a thread with no call in it: one that could not start, or an exception in what an earlier call left behind.
    this.#piscina.on('error', (cause: unknown) => this.#onBroken(cause));
    this.#piscina.on('workerDestroy', () => this.#onGone());
  }

  get isRunning(): boolean {
    return this.#piscina.threads.length > 0;
  }

  get channel(): WorkerChannel {
    return (this.#channel ??= new WorkerChannel());
  }

  async run(task: WorkerTask): Promise<void> {
    const broken = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    try {
      const transferList = task.end === undefined ? [] : [task.end.port];
      const ran = this.#piscina.run(task, { transferList });
      // Both are of this call alone.
      await Promise.race([ran, broken]);
    } catch (error) {
      // It may not have begun; then it never shall.
      await this.kill();
      throw error;
    } finally {
      this.#fail = undefined;
    }
  }

  kill(): Promise<void> {
    this.#closeChannel();
    this.#ending ??= this.#piscina.destroy().finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  // The next thread gets one of its own.
  #closeChannel(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  #onBroken(cause: unknown): void {
    if (this.#fail !== undefined) this.#fail(cause);
    else if (this.#ending === undefined) warn(cause);
  }

  // A call that had begun hears of it by itself, in this very turn; one that had not would wait forever.
  #onGone(): void {
    this.#closeChannel();
    const fail = this.#fail;
    if (fail === undefined || this.#ending !== undefined) return;
    setImmediate(() => fail(new Error('the thread ended before the call began')));
  }
}

function warn(cause: unknown): void {
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  process.emitWarning(
    `a worker thread ended, with no call in it, of an uncaught exception: ${why}`,
    'WorkerThreadWarning',
  );
}
