import { waitForEvent as waitForEventWithSignal } from 'abort-controller-x';
import type { EventTargetLike as ForeignTarget } from 'abort-controller-x';
import { checkFlag } from '../internal/check-values.ts';
import { checkOptions, show } from '../internal/check.ts';
import { callWithSignal } from './foreign-work.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/** Options for {@link waitForEvent}: those of `addEventListener`, for targets that have it. */
export interface WaitForEventOptions extends SignalOptions {
  /** Of an EventTarget's listener. */
  readonly capture?: boolean;
  /** Of an EventTarget's listener. */
  readonly passive?: boolean;
}

/** Where events come from: an `EventTarget`, an `EventEmitter`, or anything of their kind. */
export type EventTargetLike =
  | {
      addEventListener(type: string, listener: ForeignTarget.NodeEventHandler): void;
      removeEventListener(type: string, listener: ForeignTarget.NodeEventHandler): void;
    }
  | {
      on(type: string, listener: ForeignTarget.NodeEventHandler): unknown;
      off(type: string, listener: ForeignTarget.NodeEventHandler): unknown;
    }
  | {
      addListener(type: string, listener: ForeignTarget.NodeEventHandler): unknown;
      removeListener(type: string, listener: ForeignTarget.NodeEventHandler): unknown;
    };

/**
 * Waits for the next event of a type. Its listener is there while the wait lasts. An `'error'` event is
 * an event like any other: race two waits if it should count. A checkpoint.
 *
 * @param target - an EventTarget, an EventEmitter, or what has `on` and `off`
 * @param eventName - its type
 * @param options - `signal`: ends the wait too; `capture`, `passive`: for EventTargets
 * @returns the event; from an emitter that gives several arguments, an array of them
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`; TypeError for another target
 * @example
 * const message = await timeout(1000, () => waitForEvent<MessageEvent>(port, 'message'));
 */
export function waitForEvent<T = unknown>(
  target: EventTargetLike,
  eventName: string | symbol,
  options?: WaitForEventOptions,
): Promise<T> {
  try {
    checkOptions('waitForEvent', options);
    checkTarget(target);
    checkEventName(target, eventName);
    checkFlag('waitForEvent', 'capture', options?.capture);
    checkFlag('waitForEvent', 'passive', options?.passive);
  } catch (error) {
    return Promise.reject(error);
  }
  const { signal: given, ...listening } = options ?? {};
  return callWithSignal('waitForEvent', { signal: given }, (signal) =>
    waitForEventWithSignal<T>(signal, target as ForeignTarget<T>, eventName, listening),
  );
}

const pairs = [
  ['addEventListener', 'removeEventListener'],
  ['on', 'off'],
  ['addListener', 'removeListener'],
] as const;

function checkTarget(target: unknown): void {
  const methods = target as Partial<Record<string, unknown>> | null | undefined;
  const isTarget = pairs.some((pair) =>
    pair.every((name) => typeof methods?.[name] === 'function'),
  );
  if (isTarget) return;
  throw new TypeError(
    `waitForEvent: target is ${show(target)}; give an EventTarget or an EventEmitter`,
  );
}

function checkEventName(target: object, name: unknown): void {
  // The types of an EventTarget are strings.
  if (typeof name === 'string') return;
  if (typeof name === 'symbol' && !('addEventListener' in target)) return;
  throw new TypeError(`waitForEvent: eventName is ${show(name)}; give the name of an event`);
}
