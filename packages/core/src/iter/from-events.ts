import { checkCount, checkOneOf, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { Fifo } from './fifo.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { Upstream } from './upstream.ts';

/** As much of an EventTarget as is used. */
export interface ListenedTarget {
  /**
   * Has a listener called with each event of a type.
   *
   * @param type - the name of the event
   * @param listener - gets the events
   */
  addEventListener(type: string, listener: (event: unknown) => void): void;
  /**
   * Takes a listener back.
   *
   * @param type - the name of the event
   * @param listener - that was given before
   */
  removeEventListener(type: string, listener: (event: unknown) => void): void;
}

/** Options for {@link fromEvents}. */
export interface FromEventsOptions extends SignalOptions {
  /** How many events may wait to be taken: a whole number from 1. Default: any number. */
  readonly limit?: number | undefined;
  /** Which event is dropped once `limit` wait. Default `'drop-oldest'`. */
  readonly onFull?: 'drop-oldest' | 'drop-newest' | undefined;
}

class Events<E> implements Stage<E> {
  readonly isSource = true;
  readonly #waiting = new Fifo<E>();
  readonly #limit: number;
  readonly #onFull: NonNullable<FromEventsOptions['onFull']>;

  constructor({ limit = Infinity, onFull = 'drop-oldest' }: FromEventsOptions) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  put(event: E): void {
    if (this.#waiting.size >= this.#limit) {
      if (this.#onFull === 'drop-newest') return;
      this.#waiting.shift();
    }
    this.#waiting.push(event);
  }

  take(): Item<E> | undefined {
    return this.#waiting.size > 0 ? { value: this.#waiting.shift() } : undefined;
  }
}

/**
 * Iterates the events of an EventTarget, from this call on: what comes before the first `next()`, or between two, waits. The listener
 * is removed when the loop is left or cancelled. The events end when the scope of `next()` drains. Where there is Node, `events` of
 * `@ambit/io` takes emitters as well.
 *
 * @param target - an element, a window, a socket, …
 * @param name - of the event
 * @param options - `limit`, `onFull`; `signal`: ends the iteration: `next()` rejects with `signal.reason`
 * @returns an iterator of the events; `next()` is a checkpoint, and rejects with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const event of fromEvents<KeyboardEvent>(window, 'keydown')) {
 *   if (event.key === 'Escape') break; // and the listener is gone
 * }
 */
export function fromEvents<E = Event>(
  target: ListenedTarget,
  name: string,
  options?: FromEventsOptions,
): AsyncIterableIterator<E> & AsyncDisposable {
  checkFromEvents(target, name, options);
  const stage = new Events<E>(options ?? {});
  const listener = (event: unknown): void => {
    stage.put(event as E);
    upstream.tell();
  };
  const upstream = new Upstream('fromEvents', {
    signal: options?.signal,
    closeUnopened: () => {
      target.removeEventListener(name, listener);
      return Promise.resolve();
    },
  });
  target.addEventListener(name, listener);
  return new Pipeline(upstream, stage);
}

function checkFromEvents(
  target: unknown,
  name: unknown,
  options: FromEventsOptions | undefined,
): void {
  const { addEventListener, removeEventListener } = (target ?? {}) as Partial<ListenedTarget>;
  if (typeof addEventListener !== 'function' || typeof removeEventListener !== 'function') {
    throw new TypeError(`fromEvents: target is ${show(target)}; give an EventTarget`);
  }
  if (typeof name !== 'string') {
    throw new TypeError(`fromEvents: name is ${show(name)}; give the name of an event`);
  }
  checkCall('fromEvents', options);
  if (options?.limit !== undefined) checkCount('fromEvents', 'limit', options.limit, 1);
  if (options?.onFull === undefined) return;
  checkOneOf('fromEvents', 'onFull', options.onFull, ['drop-oldest', 'drop-newest']);
}
