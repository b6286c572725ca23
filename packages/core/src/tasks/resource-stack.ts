import { CancelScope, currentFrame } from '../scope/cancel-scope.ts';
import { combined, isCausedBy, isInForce } from '../scope/cancellation.ts';
import { checkFunction, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { notePlace } from './taken-back.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { suppress } from '../internal/suppressed-errors.ts';
import { paced } from '../waiting/ready.ts';

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

type Cleanup = (failure: Failure | undefined) => unknown;

/**
 * Cleanups that are run together, last first: the standard's `AsyncDisposableStack`, for runtimes that
 * lack it too. Cleanup is shielded from cancellation, and each step runs even if one before it failed.
 *
 * @example
 * await using stack = new ResourceStack();
 * const file = stack.use(await open(path));
 * stack.defer(() => log('closed'));
 */
export class ResourceStack implements AsyncDisposable {
  #cleanups: Cleanup[] = [];
  #isDisposed = false;

  get [Symbol.toStringTag](): string {
    return 'ResourceStack';
  }

  /** True once it was disposed of, or its content moved away. */
  get disposed(): boolean {
    return this.#isDisposed;
  }

  /**
   * Takes a disposable over; null and undefined are passed through.
   *
   * @param value - a disposable
   * @returns the same value
   * @throws TypeError if it cannot be disposed of; ReferenceError once the stack is disposed
   */
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    this.#checkOpen();
    const disposable: AsyncDisposable | Disposable | null | undefined = value;
    if (disposable !== null && disposable !== undefined) {
      const cleanup = disposalOf(disposable);
      this.#cleanups.push(cleanup);
      notePlace(disposable, { cleanups: this.#cleanups, cleanup });
    }
    return value;
  }

  /**
   * Takes a value over together with the way to release it.
   *
   * @param onDisposeAsync - called with the value at disposal; what it returns is awaited
   * @returns the value
   * @throws ReferenceError once the stack is disposed
   */
  adopt<T>(value: T, onDisposeAsync: (value: T) => PromiseLike<void> | void): T {
    this.#checkOpen();
    checkFunction('ResourceStack.adopt', 'onDisposeAsync', onDisposeAsync);
    this.#cleanups.push(() => onDisposeAsync(value));
    return value;
  }

  /**
   * Has a function called at disposal.
   *
   * @param onDisposeAsync - what it returns is awaited
   * @throws ReferenceError once the stack is disposed
   */
  defer(onDisposeAsync: () => unknown): void {
    this.#checkOpen();
    checkFunction('ResourceStack.defer', 'onDisposeAsync', onDisposeAsync);
    this.#cleanups.push(onDisposeAsync);
  }

  /**
   * Opens a resource and takes it over. Waits for its setup.
   *
   * @param resource - made by `defineResource`
   * @param options - `signal`: cancels the setup
   * @returns the resource's value
   * @throws (rejects) what the setup throws; ReferenceError once the stack is disposed
   */
  async enter<T>(resource: Resource<T>, options?: SignalOptions): Promise<T> {
    this.#checkOpen();
    checkResource('ResourceStack.enter', resource);
    checkCall('ResourceStack.enter', options);
    const opened = await underSignal(options?.signal, () => resource.open());
    if (this.#isDisposed) {
      await shielded(() => opened.close());
      this.#checkOpen();
    }
    this.#cleanups.push((failure) => opened.close(failure));
    return opened.value;
  }

  /**
   * Moves everything into a new stack, and leaves this one disposed without having released anything.
   *
   * @returns the new stack
   * @throws ReferenceError once the stack is disposed
   */
  move(): ResourceStack {
    this.#checkOpen();
    const moved = new ResourceStack();
    moved.#cleanups = this.#cleanups;
    this.#cleanups = [];
    this.#isDisposed = true;
    return moved;
  }

  /**
   * Releases everything, last first, and waits for it. The second time does nothing.
   *
   * @throws (rejects) the first cleanup error, with later ones in its `suppressedErrors`
   */
  async disposeAsync(): Promise<void> {
    const failures = await paced(this._release(undefined));
    if (failures.length === 0) return;
    const errors = failures.map(({ error }) => error);
    throw combined(currentFrame()._scope, errors);
  }

  /** @internal Returns what failed, in the order of the steps. */
  async _release(failure: Failure | undefined): Promise<Failure[]> {
    this.#isDisposed = true;
    const errors: Failure[] = [];
    for (
      let cleanup = this.#cleanups.pop();
      cleanup !== undefined;
      cleanup = this.#cleanups.pop()
    ) {
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

  /** The same as `disposeAsync()`. */
  declare [Symbol.asyncDispose]: () => Promise<void>;

  static {
    // One function under both names, as the standard has it.
    Object.defineProperty(this.prototype, Symbol.asyncDispose, {
      value: Reflect.get(this.prototype, 'disposeAsync'),
      writable: true,
      configurable: true,
    });
  }

  #checkOpen(): void {
    if (!this.#isDisposed) return;
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

/** Not quiet if a cleanup cuts itself short: what it was to do has not been done. */
class CleanupScope extends CancelScope {
  override _absorbed(): never {
    throw this._own as Error;
  }
}

/** Runs it where no cancellation reaches it. */
export async function shielded<T>(body: () => T): Promise<Awaited<T>> {
  const scope = new CleanupScope({ shield: true, name: 'cleanup' });
  return scope._enter<Awaited<T>, never>(body as () => Awaited<T>);
}

/**
 * Cleans up after an error, and throws it, with the cleanup's attached. Does not return it: a promise can
 * be thrown, but not be what a promise resolves with.
 */
export async function cleanUpAfter(
  error: unknown,
  cleanup: () => Promise<unknown>,
): Promise<never> {
  try {
    await cleanup();
  } catch (cleanupError) {
    // A scope absorbs its cancellation: what is attached to it would go with it.
    const here = currentFrame()._scope;
    const { reason } = here;
    if (reason !== undefined && isCausedBy(reason, error)) throw cleanupError;
    if (isInForce(here, error)) throw cleanupError;
    suppress(error, [cleanupError]);
  }
  throw error;
}
