/*
 * The only place that suspends (I7).
 *
 * A promise that a program awaits directly is not in the tree: nothing can end it, no task tree shows it, and its waiter
 * stays behind when its scope ends. So each wait of this library, from `sleep` to the answer of a server, is one call of
 * `park`, and the rules of waiting are in one file.
 *
 * The idea: a wait is an object, the waiter, which hangs on the scope of its caller like a child scope does. The caller's
 * `register` gives the waiter to the code that will wake it, and returns how to take that back. From then on three
 * parties may end the wait: the code that wakes it, the cancellation of a scope around it, and a signal of the caller.
 *
 * - Exactly one of them ends it, exactly once (I2). To end a wait means to take the waiter first, and only one call of
 *   `_take` succeeds. `wake` and `fail` return whether they were that call; if not, the value is still the waking code's.
 *   Permits and items are conserved by this answer alone, without a lock and without a second look.
 * - The first in a tick wins. If a waiter was woken and its scope is cancelled in the same tick, it has its value; the
 *   next checkpoint throws the cancellation. A value never gets lost on its way to a caller.
 * - The undo runs in the tick of the cancellation, before the caller continues, so that no queue holds a waiter whose
 *   caller is gone (I5). It does not run after a wake: there is nothing to take back then.
 * - In a scope that is cancelled already, nothing is registered. A wait with `shield` looks at no scope at all.
 * - Between the caller's look at its state and its place in line no other code runs. So deadlines of others that have passed by the
 *   clock are left to their timer: an `onCancel` might give back just what the caller was to wait for.
 * - A registration may be cancelled while it registers, by what it calls. Then there was no undo yet: it is called as
 *   soon as it is known.
 *
 * Not an AbortSignal for each wait: on Node 20 its controller alone takes 2.3 µs, and a place in a linked list 0.1 µs. Not an
 * async function: its promise around the promise adds ticks between `wake` and the caller, in which others barge in. One
 * waiter is all that a wait allocates in addition to its promise: options are passed on as they are, and `owner` spares a
 * closure (decision 9).
 */
import { waitBegun } from '../diagnostics/channels.ts';
import { announceBegin, waits } from '../diagnostics/wait-watch.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration } from '../scope/propagation.ts';
import { checkFunction, checkOptions, checkSignal } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import { noteCall } from '../loop/note-call.ts';
import { startSlice } from '../loop/slice.ts';
import { append } from '../internal/linked-list.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { reportLater } from '../internal/report-later.ts';
import { adopt } from '../scope/signal-subscription.ts';
import { Waiter } from './waiter.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import type { ParkOptions } from './park-options.ts';
import type { Parking } from './parking.ts';
import type { Waker } from './waker.ts';

/** Throws if the scope is cancelled, or the signal aborted. Deadlines count by the clock, not by timers. */
export function refuseIfCancelled(scope: CancelScope, signal: AbortSignal | undefined): void {
  scope._runtime.passCheckpoint(scope);
  const reason = scope._here()._reason;
  if (reason !== undefined) throw reason;
  if (signal?.aborted === true) throw signal.reason;
}

/** The promise of a call that {@link refuseIfCancelled} would refuse: it lets others run first. Undefined: the call may begin. */
export function refusalIn(
  scope: CancelScope,
  signal: AbortSignal | undefined,
): Promise<never> | undefined {
  try {
    refuseIfCancelled(scope, signal);
    return undefined;
  } catch (error) {
    return refusal(scope, error);
  }
}

/** A promise rejected by {@link refuseIfCancelled}, or by what is checked after it. */
export function refusal(scope: CancelScope, error: unknown): Promise<never> {
  const pause = scope._runtime.pause();
  const rejection = Promise.reject(error);
  const promise = pause === undefined ? rejection : pause.then(() => rejection);
  if (pause !== undefined) markHandled(rejection);
  if (error === scope._here()._reason) markHandled(promise);
  return promise;
}

const NONE: ParkOptions = {};

/** Puts the waiter where it will be woken, and returns how to take it back. Gets the options and the owner of `parkIn`. */
type Register<T, O, H> = (
  waiter: Waiter<T>,
  options: O | undefined,
  owner: H | undefined,
) => void | (() => void);

/** Parks in a scope given by hand. See {@link park}. `owner` goes to `register`, which needs no closure then. */
// eslint-disable-next-line max-params -- an object for each wait would cost as much as the wait
export function parkIn<T, O extends ParkOptions = ParkOptions, H = undefined>(
  scope: CancelScope,
  register: Register<T, O, H>,
  options?: O,
  owner?: H,
): Promise<T> {
  // All options are read before the look at the scope: a getter may cancel it.
  const { name, blockedBy, shield: isShielded = false, signal: given } = options ?? NONE;
  const signal = isShielded ? undefined : given;
  if (!isShielded) {
    scope._runtime.passWait(scope);
    const reason = scope._here()._reason;
    if (reason !== undefined) return refusal(scope, reason);
    if (signal?.aborted === true) return refusal(scope, signal.reason);
  }
  // The options themselves: an object of its own for what they say would cost as much as all the rest.
  const waiter = new Waiter<T>(isShielded || blockedBy !== undefined ? options : name);
  const host = scope._nearestOpen();
  if (host._runtime.deliver !== undefined) {
    if (host._runtime.isOver) return waiter.promise;
    deliverBy(host._runtime.deliver, waiter, scope);
  }
  if (signal !== undefined) waiter.adoption = adopt(signal, waiter);
  append<Registration>(host, waiter);
  if (waits.areWatched || waitBegun.hasSubscribers) announceBegin(waiter, host._task);
  // A subscriber may have cancelled it.
  if (!waiter.isSettled) startWaiting(waiter, register, options, owner);
  if (blockedBy !== undefined) host._runtime.onBlocked?.();
  return waiter.promise;
}

// Apart, for few waits have it: those of a loop of tests.
function deliverBy<T>(deliver: Waiter<T>['deliver'], waiter: Waiter<T>, scope: object): void {
  waiter.deliver = deliver;
  waiter.scope = scope;
}

// eslint-disable-next-line max-params -- as for parkIn
function startWaiting<T, O, H>(
  waiter: Waiter<T>,
  register: Register<T, O, H>,
  options: O | undefined,
  owner: H | undefined,
): void {
  try {
    const undo = register(waiter, options, owner);
    if (typeof undo !== 'function') return;
    // Cancelled while it registered: there was no undo yet to call.
    if (waiter.isAbandoned) undo();
    else waiter.undo = undo;
  } catch (error) {
    if (!waiter.fail(error)) reportLater(error);
  }
}

/**
 * Registers a wait and returns the promise of its end: the one place where anything suspends. The
 * wait is woken or cancelled, exactly one of the two, exactly once; what happens first in a tick wins.
 * A checkpoint: in a cancelled scope nothing is registered and the promise rejects.
 *
 * @param register - called at once with the waker; may return the undo, called in the same tick if
 *   the wait is cancelled (not if it is woken), before the caller resumes
 * @param options - `signal`: ends the wait too; `name`: shown in the task tree; `shield`: makes the
 *   wait uncancellable, also by the signal
 * @returns the value given to `wake`, or rejects with the error given to `fail`
 * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`
 * @example
 * function nextMessage(port: MessagePort): Promise<unknown> {
 *   return park((waker) => {
 *     const listener = (event: MessageEvent) => waker.wake(event.data);
 *     port.addEventListener('message', listener, { once: true });
 *     return () => port.removeEventListener('message', listener);
 *   });
 * }
 */
export function park<T>(
  register: (waker: Waker<T>) => void | (() => void),
  options?: ParkOptions,
): Promise<T> {
  try {
    checkFunction('park', 'register', register);
    checkOptions('park', options);
    checkSignal('park', options?.signal);
    checkFlag('park', 'shield', options?.shield);
  } catch (error) {
    return Promise.reject(error);
  }
  noteCall('park', options);
  return parkIn(currentFrame()._scope, register, options);
}

/**
 * Waits as {@link park} does, for code that keeps an object for its waits anyway, as a connection does: this makes no closure.
 * One wait of an object at a time.
 *
 * @param parking - what is waited for, to be told of the beginning of the wait and of its cancellation
 * @returns as `park`
 * @throws (rejects) as `park`
 * @example
 * class Port implements Parking<Message> {
 *   #waker: Waker<Message> | undefined;
 *   readonly name = 'a message';
 *   next(): Promise<Message> {
 *     return parkAs(this);
 *   }
 *   enlist(waker: Waker<Message>): void {
 *     this.#waker = waker;
 *   }
 *   abandon(): void {
 *     this.#waker = undefined;
 *   }
 * }
 */
export function parkAs<T>(parking: Parking<T>, options?: SignalOptions): Promise<T> {
  noteCall('park', options);
  // The name is asked for when it is shown.
  const wait = { name: parking, signal: options?.signal } as unknown as ParkOptions;
  return parkIn<T, ParkOptions, Parking<T>>(currentFrame()._scope, enlist, wait, parking);
}

function enlist<T>(waiter: Waiter<T>, _options: unknown, parking: Parking<T> | undefined): void {
  waiter.undo = parking;
  parking?.enlist(waiter);
  // Cancelled while it enlisted: what it did after it was told of that is taken back as well.
  if (waiter.isAbandoned) parking?.abandon();
}

/** Waits for the next turn of the host's loop; resolves with the value. */
export function nextTurn<T>(value: T, options?: ParkOptions): Promise<T> {
  const scope = currentFrame()._scope;
  noteCall('yieldNow', options);
  return parkIn<T>(
    scope,
    (waiter) => {
      const turn = currentRuntime().loop.callNext(() => {
        startSlice();
        waiter.wake(value);
      });
      return () => {
        turn.cancel();
      };
    },
    options,
  );
}
