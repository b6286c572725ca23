import { inFrame, slot } from '../slot.ts';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** A callback that is called in the frame of now, if there is one. @beta */
export function wrap(callback: unknown): unknown {
  const frame = slot.value;
  if (frame === undefined || typeof callback !== 'function') return callback;
  const bound: Callback = function (...args) {
    return inFrame(frame, () => Reflect.apply(callback, this, args) as unknown);
  };
  return bound;
}

interface Listener {
  frame: object | undefined;
  readonly called: Callback;
}
type Given = Callback | { handleEvent: Callback };

const listeners = new WeakMap<object, Listener>();

/**
 * A listener that is called in the frame of the dispatcher or, if there is none, in that in which it was added last. For each
 * listener always the same, so that adding it twice is adding it once.
 *
 * @beta
 */
export function listen(listener: unknown): unknown {
  if ((typeof listener !== 'object' && typeof listener !== 'function') || listener === null)
    return listener;
  const known = listeners.get(listener);
  if (known !== undefined) {
    known.frame = slot.value;
    return known.called;
  }
  const made = { frame: slot.value, called: calling(listener as Given) };
  listeners.set(listener, made);
  listeners.set(made.called, made);
  return made.called;
}

/** What was added for a listener, to remove it. @beta */
export function unlisten(listener: unknown): unknown {
  return listeners.get(listener as object)?.called ?? listener;
}

function calling(listener: Given): Callback {
  return function (...args) {
    const call = (): unknown =>
      typeof listener === 'function'
        ? Reflect.apply(listener, this, args)
        : listener.handleEvent(...args);
    const dispatcher = slot.value === slot.home ? undefined : slot.value;
    return inFrame(dispatcher ?? listeners.get(listener)?.frame, call);
  };
}
