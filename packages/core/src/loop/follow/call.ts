import { slot } from '../slot.ts';
import { Plain, withFrame } from './awaited.ts';

/** One call of a rewritten async function or generator. @beta */
export interface Call {
  /** The frame it runs in. */
  frame: object | undefined;
  /** The frame to put back when it leaves the stack: the caller's up to its first wait, then none. */
  outer: object | undefined;
  /** A generator that has paused at a `yield`. */
  isPaused: boolean;
  /** A generator that goes on at once, since its next `next()` has been called already. */
  isAwaited: boolean;
}

/** Begins a call of a function of the program, in the frame of now. @beta */
export function open(): Call {
  slot.isFollowed = true;
  return callIn(slot.value);
}

/** Begins a call of a function of Ambit itself. @beta */
export function enter(): Call {
  return callIn(slot.value ?? slot.home);
}

function callIn(frame: object | undefined): Call {
  return { frame, outer: slot.value, isPaused: false, isAwaited: false };
}

/**
 * Ends a call, however it ends. What throws into a paused generator, or returns from it, has its own frame in the slot already.
 *
 * @beta
 */
export function close(call: Call): void {
  if (!call.isPaused) slot.value = call.outer;
}

/** Before an `await`: the frame goes. Its result is given to {@link back}. @beta */
export function leave(call: Call, value: unknown): unknown {
  const awaited = withFrame(value, call.frame);
  slot.value = call.outer;
  call.outer = undefined;
  return awaited;
}

/** Before the `return` of an async generator, which awaits what it returns. @beta */
export function quit(call: Call, value: unknown): unknown {
  const awaited = leave(call, value);
  return awaited instanceof Plain ? value : awaited;
}

/** After an `await`: the frame is back. @beta */
export function back(call: Call, value: unknown): unknown {
  slot.value = call.frame;
  return value instanceof Plain ? value.value : value;
}

/** At the start of a `catch` or `finally` that guards a wait, and of each round of a `for await`. @beta */
export function caught(call: Call): void {
  if (!call.isPaused) {
    slot.value = call.frame;
    return;
  }
  call.isPaused = false;
  // Thrown into by a caller, whose frame is here; or returned from, or what it yielded was rejected, in a turn without any.
  if (slot.value === undefined) slot.value = call.frame;
  else call.frame = call.outer = slot.value;
}

/** Before a `yield`. @beta */
export function pause(call: Call, value?: unknown): unknown {
  const awaited = quit(call, value);
  call.isPaused = true;
  if (isThenable(awaited)) return awaited;
  const promise = Promise.resolve(awaited);
  expectNext(call, promise);
  return promise;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Promise);
}

/**
 * A generator whose next `next()` has been called before it paused goes on in the very job that settles its request, where there
 * is no frame. That job comes right after ours, and before that which takes the mark away.
 */
export function expectNext(call: Call, settled: Promise<unknown>): void {
  const mark = markOf(call);
  void settled.then(mark, mark);
}

/** The same for a value of a synchronous iterator, out of which the platform makes a promise of a result first. */
export function expectNextOf(call: Call, value: unknown): void {
  if (typeof value === 'object' && value !== null && !(value instanceof Promise)) return;
  const mark = markOf(call);
  const soon = (): void => queueMicrotask(mark);
  void Promise.resolve(value).then(soon, soon);
}

function markOf(call: Call): () => void {
  return () => {
    call.isAwaited = true;
    queueMicrotask(() => (call.isAwaited = false));
  };
}

/** After a `yield`: in the frame of the call of `next()` that the generator goes on for. @beta */
export function resume(call: Call, sent?: unknown): unknown {
  call.isPaused = false;
  if (call.isAwaited && slot.value === undefined) slot.value = call.frame;
  else call.frame = call.outer = slot.value;
  call.isAwaited = false;
  return sent;
}

/** After a `yield*`, whose last step was a wait. @beta */
export function over(call: Call, value: unknown): unknown {
  call.isPaused = false;
  slot.value = call.frame;
  return value;
}
