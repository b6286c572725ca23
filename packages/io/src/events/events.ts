import { park } from '@ambit/core/lowlevel';
import type { EventEmitter } from 'node:events';
import { checkSignal } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkCount, checkOneOf, checkOptions, show } from '../check.ts';
import { EventStream } from './event-stream.ts';
import type { OnFull } from './event-stream.ts';

/** What `events` takes besides. */
export interface EventsOptions extends WaitOptions {
  /** How many events may wait to be taken. Default: any number. */
  readonly limit?: number | undefined;
  /** What is dropped when there are so many. Default: 'drop-oldest'. */
  readonly onFull?: OnFull | undefined;
}

/**
 * Iterates the events of an emitter or of an EventTarget, from this call on: what comes before the first `next()`, or
 * between two, waits. An emitter's 'error' event ends the loop with its error, after what came before it.
 *
 * @param emitter - Node's EventEmitter: gives the arrays of its listener's arguments; or an EventTarget: gives the events
 * @param name - of the event
 * @param options - `limit` and `onFull`: see there; `signal`: aborting it ends the iteration with `signal.reason`
 * @returns the events, as they come
 * @throws TypeError, RangeError for bad arguments
 * @example
 * // Until the scope around it is cancelled, or the loop is left.
 * for await (const [socket] of events<[Socket]>(server, 'connection')) greet(socket);
 */
export function events<A extends unknown[] = unknown[]>(
  emitter: EventEmitter,
  name: string | symbol,
  options?: EventsOptions,
): EventStream<A>;
export function events<E extends Event = Event>(
  target: EventTarget,
  name: string,
  options?: EventsOptions,
): EventStream<E>;
export function events(
  source: EventEmitter | EventTarget,
  name: string | symbol,
  options?: EventsOptions,
): EventStream<unknown> {
  checkSource('events', source, name);
  checkOptions('events', options);
  const { limit = Infinity, onFull = 'drop-oldest', signal } = options ?? {};
  checkCount('events', 'limit', limit, 1);
  checkOneOf('events', 'onFull', onFull, ['drop-oldest', 'drop-newest']);
  checkSignal('events', signal);
  let stop = (): void => undefined;
  const label = `the next event ${String(name)}`;
  const stream = new EventStream<unknown>({ label, limit, onFull, signal, stop: () => stop() });
  stop = listen(
    source,
    name,
    (event) => stream._put(event),
    (error) => stream._fail(error),
  );
  return stream;
}

/**
 * Waits for one event.
 *
 * @param emitter - Node's EventEmitter: resolves with the array of its listener's arguments; or an EventTarget: resolves
 *   with the event
 * @param name - of the event
 * @returns the arguments, or the event
 * @throws (rejects) the error of an emitter's 'error' event, if that comes first; the ambient scope's CancelledError;
 *   `signal.reason`; TypeError for bad arguments
 * @example
 * const [code] = await once(child, 'exit');
 */
export function once<A extends unknown[] = unknown[]>(
  emitter: EventEmitter,
  name: string | symbol,
  options?: WaitOptions,
): Promise<A>;
export function once<E extends Event = Event>(
  target: EventTarget,
  name: string,
  options?: WaitOptions,
): Promise<E>;
export async function once(
  source: EventEmitter | EventTarget,
  name: string | symbol,
  options?: WaitOptions,
): Promise<unknown> {
  checkSource('once', source, name);
  checkOptions('once', options);
  return park<unknown>(
    (waker) => {
      const stop = listen(
        source,
        name,
        (event) => {
          stop();
          waker.wake(event);
        },
        (error) => {
          stop();
          waker.fail(error);
        },
      );
      return stop;
    },
    { signal: options?.signal, name: `the event ${String(name)}` },
  );
}

/** Answers how to stop. */
function listen(
  source: EventEmitter | EventTarget,
  name: string | symbol,
  onEvent: (event: unknown) => void,
  onError: (error: unknown) => void,
): () => void {
  if (!isEmitter(source)) {
    source.addEventListener(name as string, onEvent);
    return () => source.removeEventListener(name as string, onEvent);
  }
  const listener = (...args: unknown[]): void => onEvent(args);
  source.on(name, listener);
  // Who asks for the errors gets them as events.
  if (name !== 'error') source.on('error', onError);
  return () => {
    source.removeListener(name, listener);
    source.removeListener('error', onError);
  };
}

// Node's own targets, a MessagePort say, have `on` as well.
function isEmitter(source: EventEmitter | EventTarget): source is EventEmitter {
  return (
    !(source instanceof EventTarget) && typeof (source as Partial<EventEmitter>).on === 'function'
  );
}

function checkSource(where: string, source: unknown, name: unknown): void {
  const { on, addEventListener } = (source ?? {}) as Record<string, unknown>;
  if (typeof on !== 'function' && typeof addEventListener !== 'function') {
    throw new TypeError(
      `${where}: emitter is ${show(source)}; give an EventEmitter or an EventTarget`,
    );
  }
  if (typeof name === 'string' || typeof name === 'symbol') return;
  throw new TypeError(`${where}: name is ${show(name)}; give the name of an event`);
}
