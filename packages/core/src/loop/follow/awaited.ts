import { inFrame } from '../slot.ts';

/** An object that is no thenable, which `await` must not look at a second time. */
export class Plain {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * What to await instead of a value, in as many turns: `await` calls the `then` of a foreign thenable in a turn of its own, where
 * there is no frame. That of a native promise it does not call.
 */
export function withFrame(value: unknown, frame: object | undefined): unknown {
  if (typeof value !== 'object' && typeof value !== 'function') return value;
  if (value === null) return value;
  try {
    return isNative(value) ? value : adopted(value, frame);
  } catch (error) {
    // As the platform: what the getter of `then` throws is the reason of the rejection.
    return Promise.reject(error);
  }
}

function isNative(value: object): boolean {
  return value instanceof Promise && value.constructor === Promise;
}

type Then = (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown;

function adopted(value: object, frame: object | undefined): object {
  const then: unknown = (value as { then?: unknown }).then;
  if (typeof then !== 'function') return new Plain(value);
  const adopt: Then = (resolve, reject) =>
    inFrame(frame, () => Reflect.apply(then as Then, value, [resolve, reject]));
  return { __proto__: null, then: adopt };
}
