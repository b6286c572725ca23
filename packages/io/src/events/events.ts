import {
  checkCall,
  checkCount,
  checkOneOf,
  checkOptions,
  checkSignal,
  park,
  show,
} from '@ambit/core/lowlevel';
import type { EventEmitter } from 'node:events';
import type { WaitOptions } from '../cancellable.ts';
import { EventStream } from './event-stream.ts';
import type { OnFull } from './event-stream.ts';

/** Options for `events`. */
export interface EventsOptions extends WaitOptions {
  /** How many events may wait to be taken. Default: any number. */
  readonly limit?: number | undefined;
  /** Which event is dropped once `limit` are kept. Default: 'drop-oldest'. */
  readonly onFull?: OnFull | undefined;
  /** The names of events that end the iteration, after what came before: ['close'], for example. Default: none. */
  readonly close?: readonly (string | symbol)[] | undefined;
}

/**
 * Iterates the events of an emitter or of an EventTarget, from this call on: what comes before the first `next()`, or
 * between two, waits. An emitter's 'error' event ends the loop with its error, an event named in `close` ends it well, both
 * after what came before.
 *
 * @param emitter - Node's EventEmitter: gives the arrays of its listener's arguments; or an EventTarget: gives the events
 * @param name - of the event
 * @param options - `limit`, `onFull` and `close`: see there; `signal`: aborting it ends the iteration with `signal.reason`
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
  const { limit = Infinity, onFull = 'drop-oldest', close = [], signal } = options ?? {};
  checkCount('events', 'limit', limit, 1);
  checkOneOf('events', 'onFull', onFull, ['drop-oldest', 'drop-newest']);
  checkClose(close);
  checkSignal('events', signal);
  let stop = (): void => undefined;
  const label = `the next event ${String(name)}`;
  const stream = new EventStream<unknown>({ label, limit, onFull, signal, stop: () => stop() });
  const stopListening = listen(source, name, {
    onEvent: (event) => stream._put(event),
    onError: (error) => stream._fail(error),
  });
  const undos = close.map((each) => listenTo(source, each, () => stream._end()));
  stop = () => {
    stopListening();
    for (const undo of undos) undo();
  };
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
  checkCall('once', options);
  return park<unknown>(
    (waker) => {
      const stop = listen(source, name, {
        onEvent: (event) => {
          stop();
          waker.wake(event);
        },
        onError: (error) => {
          stop();
          waker.fail(error);
        },
      });
      return stop;
    },
    { signal: options?.signal, name: `the event ${String(name)}` },
  );
}

interface Listeners {
  readonly onEvent: (event: unknown) => void;
  readonly onError: (error: unknown) => void;
}

/** Returns the undo. */
function listen(
  source: EventEmitter | EventTarget,
  name: string | symbol,
  { onEvent, onError }: Listeners,
): () => void {
  const stop = listenTo(source, name, onEvent);
  // A caller that asks for the errors gets them as events.
  if (!isEmitter(source) || name === 'error') return stop;
  source.on('error', onError);
  return () => {
    stop();
    source.removeListener('error', onError);
  };
}

function listenTo(
  source: EventEmitter | EventTarget,
  name: string | symbol,
  onEvent: (event: unknown) => void,
): () => void {
  if (!isEmitter(source)) {
    source.addEventListener(name as string, onEvent);
    return () => source.removeEventListener(name as string, onEvent);
  }
  const listener = (...args: unknown[]): void => onEvent(args);
  source.on(name, listener);
  return () => source.removeListener(name, listener);
}

// Node's own targets, for example a MessagePort, have `on` as well.
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
  // The types of an EventTarget are strings.
  if (typeof name === 'string') return;
  if (typeof name === 'symbol' && isEmitter(source as EventEmitter | EventTarget)) return;
  throw new TypeError(`${where}: name is ${show(name)}; give the name of an event`);
}

function checkClose(close: unknown): void {
  const isName = (each: unknown): boolean => typeof each === 'string' || typeof each === 'symbol';
  if (Array.isArray(close) && close.every(isName)) return;
  throw new TypeError(`events: close is ${show(close)}; give an array of names of events`);
}
