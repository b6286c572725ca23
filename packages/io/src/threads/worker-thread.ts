import process from 'node:process';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import type { Thread } from './worker-call.ts';
import { workerFile } from './worker-file.ts';
import type { call, WorkerTask } from './worker-main.ts';

/** What `WorkerThread` takes besides. */
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

/** Only for those who use threads. */
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
 * Each is a Piscina of one thread, and never has a second call in its queue: so whatever befalls a thread, it is known
 * which call that was.
 */
export class WorkerThread implements Thread {
  readonly #piscina: Piscina;
  /** Rejects the call that is under way. */
  #fail: ((cause: unknown) => void) | undefined;
  #ending: Promise<void> | undefined;

  constructor(PiscinaClass: PiscinaClass, { idleTimeout, resourceLimits }: WorkerThreadOptions) {
    this.#piscina = new PiscinaClass({
      filename: workerFile(),
      name: 'call',
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleTimeout > LONGEST ? Infinity : idleTimeout,
      // With them, an idle thread stands still: what a module does on its own, a timer say, would too.
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

  async run(task: WorkerTask): Promise<void> {
    const broken = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    try {
      const ran = this.#piscina.run(task, { transferList: [task.port] });
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
    this.#ending ??= this.#piscina.destroy().finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  #onBroken(cause: unknown): void {
    if (this.#fail !== undefined) this.#fail(cause);
    else if (this.#ending === undefined) warn(cause);
  }

  // A call that had begun hears of it by itself, in this very turn; one that had not would wait for ever.
  #onGone(): void {
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
