import { InvalidStateError } from '../internal/errors.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { throwIfCancelled } from '../waiting/checkpoint.ts';
import { park } from '../waiting/park.ts';
import { ready, refused } from '../waiting/ready.ts';

/** What of an EventTarget is used. */
interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What tells whether a condition holds, and when to look again. */
interface Condition {
  readonly name: string;
  readonly target: Target;
  readonly event: string;
  readonly holds: () => boolean;
}

interface Page extends Target {
  readonly visibilityState?: string;
}

/**
 * Waits until the page can be seen: its tab is in front and its window is not minimized. Resolves at once if it can. Nothing is
 * polled: a listener is there while the wait lasts. A checkpoint.
 *
 * @param options - `signal`: ends the wait too
 * @throws (rejects) InvalidStateError where there is no `document`, in a worker for example; the ambient scope's CancelledError;
 *   `signal.reason`
 * @example
 * for (;;) {
 *   await untilVisible(); // no requests from a tab in the background
 *   show(await fetchNews());
 *   await sleep(30_000);
 * }
 *
 * @beta
 */
export function untilVisible(options?: SignalOptions): Promise<void> {
  return until('untilVisible', options, () => {
    const { document } = globalThis as { readonly document?: Page };
    if (typeof document?.visibilityState !== 'string') {
      throw new InvalidStateError(
        'untilVisible: there is no document here that can be visible; call it in a page, not in a worker or on a server',
      );
    }
    const holds = (): boolean => document.visibilityState === 'visible';
    return { name: 'a visible page', target: document, event: 'visibilitychange', holds };
  });
}

interface Scope extends Target {
  readonly navigator?: { readonly onLine?: boolean };
}

/**
 * Waits until the browser has a network. Resolves at once if it has one. That a server can be reached is not certain then, so
 * that a request may still fail: retry it. Runs in pages and in their workers. A checkpoint.
 *
 * @param options - `signal`: ends the wait too
 * @throws (rejects) InvalidStateError where there is no `navigator.onLine`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await retry(async ({ scope }) => {
 *   await untilOnline();
 *   return fetch(url, { signal: scope.signal });
 * }, { attempts: 5 });
 *
 * @beta
 */
export function untilOnline(options?: SignalOptions): Promise<void> {
  return until('untilOnline', options, () => {
    const here = globalThis as unknown as Scope;
    const { navigator } = here;
    if (typeof navigator?.onLine !== 'boolean' || typeof here.addEventListener !== 'function') {
      throw new InvalidStateError(
        'untilOnline: there is no navigator.onLine here; call it in a page or in a worker of one',
      );
    }
    const holds = (): boolean => navigator.onLine === true;
    return { name: 'a network', target: here, event: 'online', holds };
  });
}

function until(
  where: string,
  options: SignalOptions | undefined,
  find: () => Condition,
): Promise<void> {
  let condition: Condition;
  try {
    condition = find();
    throwIfCancelled(options, where);
  } catch (error) {
    return refused(error);
  }
  if (condition.holds()) return ready(undefined);
  return parkUntil(condition, options?.signal);
}

function parkUntil(
  { name, target, event, holds }: Condition,
  signal: AbortSignal | undefined,
): Promise<void> {
  return park<void>(
    (waker) => {
      const stop = (): void => target.removeEventListener(event, listener);
      const listener = (): void => {
        if (!holds()) return;
        stop();
        waker.wake(undefined);
      };
      target.addEventListener(event, listener);
      return stop;
    },
    { signal, name },
  );
}
