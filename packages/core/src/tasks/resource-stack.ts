import { currentFrame } from '../scope/any-scope.ts';
import { combined } from '../scope/cancellation.ts';
import { checkFunction } from '../internal/check.ts';
import { Cleanups } from './cleanups.ts';
import type { Resource } from './cleanups.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { paced } from '../waiting/ready.ts';

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
  #cleanups = new Cleanups();

  get [Symbol.toStringTag](): string {
    return 'ResourceStack';
  }

  /** True once it was disposed of, or its content moved away. */
  get disposed(): boolean {
    return this.#cleanups.isOver;
  }

  /**
   * Takes a disposable over; null and undefined are passed through.
   *
   * @param value - a disposable
   * @returns the same value
   * @throws TypeError if it cannot be disposed of; ReferenceError once the stack is disposed
   */
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    return this.#cleanups.use(value);
  }

  /**
   * Takes a value over together with the way to release it.
   *
   * @param onDisposeAsync - called with the value at disposal; what it returns is awaited
   * @returns the value
   * @throws ReferenceError once the stack is disposed
   */
  adopt<T>(value: T, onDisposeAsync: (value: T) => PromiseLike<void> | void): T {
    this.#cleanups.checkOpen();
    checkFunction('ResourceStack.adopt', 'onDisposeAsync', onDisposeAsync);
    this.#cleanups.steps.push(() => onDisposeAsync(value));
    return value;
  }

  /**
   * Has a function called at disposal.
   *
   * @param onDisposeAsync - what it returns is awaited
   * @throws ReferenceError once the stack is disposed
   */
  defer(onDisposeAsync: () => unknown): void {
    this.#cleanups.defer(onDisposeAsync);
  }

  /**
   * Opens a resource and takes it over. Waits for its setup.
   *
   * @param resource - made by `defineResource`
   * @param options - `signal`: cancels the setup
   * @returns the resource's value
   * @throws (rejects) what the setup throws; ReferenceError once the stack is disposed
   */
  enter<T>(resource: Resource<T>, options?: SignalOptions): Promise<T> {
    return this.#cleanups.enter(resource, options);
  }

  /**
   * Moves everything into a new stack, and leaves this one disposed without having released anything.
   *
   * @returns the new stack
   * @throws ReferenceError once the stack is disposed
   */
  move(): ResourceStack {
    const { steps } = this.#cleanups;
    this.#cleanups.checkOpen();
    const moved = new ResourceStack();
    moved.#cleanups.steps = steps;
    this.#cleanups.steps = [];
    this.#cleanups.isOver = true;
    return moved;
  }

  /**
   * Releases everything, last first, and waits for it. The second time does nothing.
   *
   * @throws (rejects) the first cleanup error, with later ones in its `suppressedErrors`
   */
  async disposeAsync(): Promise<void> {
    const failures = await paced(this.#cleanups.release(undefined));
    if (failures.length === 0) return;
    const errors = failures.map(({ error }) => error);
    throw combined(currentFrame()._scope, errors);
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
}
