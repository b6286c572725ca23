import { checkFunction, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { paced } from '../waiting/ready.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { shielded } from './shielded.ts';
import { notePlace } from './taken-back.ts';
import { underSignal } from '../waiting/under-signal.ts';

/** The failure that a resource is released for. */
export interface Failure {
  /** What was thrown. */
  readonly error: unknown;
}

/** A resource that is set up and ready for use. */
export interface OpenResource<T> {
  /** What was set up. */
  readonly value: T;
  /**
   * Releases it; is given the failure of what used it, if that failed.
   * Waits for its cleanup.
   *
   * @throws (rejects) what the cleanup throws
   */
  close(failure?: Failure): Promise<void>;
}

/** Something that is set up before use and cleaned up after; made by `defineResource`. */
export interface Resource<T> {
  /**
   * Sets it up. A checkpoint as its setup is; what was half set up is cleaned up.
   *
   * @returns the open resource
   * @throws (rejects) what the setup throws
   */
  open(): Promise<OpenResource<T>>;
}

/** Opens a resource, and lets others run before it is open, or has failed to. */
export function openPaced<T>(resource: Resource<T>): Promise<OpenResource<T>> {
  return paced(promiseTry(() => resource.open()));
}

/** A step of a disposal. */
export type Cleanup = (failure: Failure | undefined) => unknown;

/** What a group has to release, and what a ResourceStack consists of: cleanups that are run last first. */
export class Cleanups {
  steps: Cleanup[] = [];
  /** It takes no more. */
  isOver = false;

  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    this.checkOpen();
    const disposable: AsyncDisposable | Disposable | null | undefined = value;
    if (disposable !== null && disposable !== undefined) {
      const cleanup = disposalOf(disposable);
      this.steps.push(cleanup);
      notePlace(disposable, { cleanups: this.steps, cleanup });
    }
    return value;
  }

  defer(onDisposeAsync: Cleanup): void {
    this.checkOpen();
    checkFunction('defer', 'onDisposeAsync', onDisposeAsync);
    this.steps.push(onDisposeAsync);
  }

  async enter<T>(resource: Resource<T>, options?: SignalOptions): Promise<T> {
    this.checkOpen();
    checkResource('enter', resource);
    checkCall('enter', options);
    const opened = await underSignal(options?.signal, () => openPaced(resource));
    if (this.isOver) {
      await shielded(() => opened.close());
      this.checkOpen();
    }
    this.steps.push((failure) => opened.close(failure));
    return opened.value;
  }

  /** Returns what failed, in the order of the steps. */
  async release(failure: Failure | undefined): Promise<Failure[]> {
    this.isOver = true;
    const errors: Failure[] = [];
    for (let cleanup = this.steps.pop(); cleanup !== undefined; cleanup = this.steps.pop()) {
      const step = cleanup;
      try {
        await shielded(() => step(failure));
        // eslint-disable-next-line @ambit/no-swallowed-cancellation -- each step runs; the disposal throws them all
      } catch (error) {
        errors.push({ error });
      }
    }
    return errors;
  }

  checkOpen(): void {
    if (!this.isOver) return;
    throw new ReferenceError('this ResourceStack is disposed; use a new one');
  }
}

function disposalOf(value: AsyncDisposable | Disposable): Cleanup {
  const candidate = Object(value) === value ? (value as Partial<AsyncDisposable & Disposable>) : {};
  // Looked up now, as the standard does: what is swapped later is not what was taken over.
  const dispose = candidate[Symbol.asyncDispose] ?? candidate[Symbol.dispose];
  if (typeof dispose === 'function') return () => dispose.call(value);
  throw new TypeError(
    `use: ${show(value)} has neither [Symbol.asyncDispose] nor [Symbol.dispose]; give it with adopt() or defer()`,
  );
}

export function checkResource(where: string, value: unknown): void {
  if (typeof (value as Partial<Resource<unknown>> | null | undefined)?.open === 'function') return;
  const cure =
    typeof value === 'function'
      ? 'call it first: it is what makes the resource'
      : 'give what a function made by defineResource returns';
  throw new TypeError(`${where}: resource is ${show(value)}, not a resource; ${cure}`);
}
