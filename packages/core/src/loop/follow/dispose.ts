import { inFrame, slot } from '../slot.ts';
import { withFrame } from './awaited.ts';

/** One of them. @beta */
export interface Entry {
  readonly value: unknown;
  readonly method: (() => unknown) | undefined;
  readonly isAsync: boolean;
}
/** What the `using` declarations of a block have taken. @beta */
export interface Used {
  readonly entries: Entry[];
  error: { readonly value: unknown } | undefined;
}

/** Begins a block with `using` declarations. @beta */
export function stack(): Used {
  return { entries: [], error: undefined };
}

/** One `using` declaration, or `await using`; returns its value. @beta */
export function use<T>(used: Used, value: T, kind: 'sync' | 'async'): T {
  const isAsync = kind === 'async';
  if (value === null || value === undefined) {
    if (isAsync) used.entries.push({ value, method: undefined, isAsync });
    return value;
  }
  if (Object(value) !== value) throw new TypeError(`${String(value)} is not an object`);
  used.entries.push({ value, method: methodOf(value, kind), isAsync });
  return value;
}

type Methods = Record<symbol, (() => unknown) | undefined>;

function methodOf(value: unknown, kind: 'sync' | 'async'): () => unknown {
  const methods = value as Methods;
  const asyncMethod = kind === 'async' ? methods[Symbol.asyncDispose] : undefined;
  const method = asyncMethod ?? methods[Symbol.dispose];
  if (typeof method === 'function') return method;
  throw new TypeError(`Symbol.${kind === 'async' ? 'asyncDispose' : 'dispose'} is not a function`);
}

/** The block has thrown. @beta */
export function fail(used: Used, error: unknown): void {
  used.error = { value: error };
}

/** Ends a block of `using`: the newest first. @beta */
export function release(used: Used): void {
  for (let entry = used.entries.pop(); entry !== undefined; entry = used.entries.pop()) {
    try {
      disposeOf(entry);
    } catch (error) {
      add(used, error);
    }
  }
  if (used.error !== undefined) throw used.error.value;
}

/** Ends a block with `await using`, each disposal in the frame of now. @beta */
export async function releaseAsync(used: Used): Promise<void> {
  const frame = slot.value;
  for (let entry = used.entries.pop(); entry !== undefined; entry = used.entries.pop()) {
    try {
      const { isAsync } = entry;
      const result = inFrame(frame, disposing(entry));
      if (isAsync) await withFrame(result, frame);
      // eslint-disable-next-line @ambit/no-swallowed-cancellation -- the rest is disposed of first; it is thrown at the end
    } catch (error) {
      add(used, error);
    }
  }
  if (used.error !== undefined) throw used.error.value;
}

function disposing(entry: Entry): () => unknown {
  return () => disposeOf(entry);
}

function disposeOf({ method, value }: Entry): unknown {
  return method === undefined ? undefined : Reflect.apply(method, value, []);
}

function add(used: Used, error: unknown): void {
  used.error = { value: used.error === undefined ? error : suppressing(error, used.error.value) };
}

type Suppressing = new (error: unknown, suppressed: unknown) => Error;

/** The platform's SuppressedError, or one that looks the same. */
function suppressing(error: unknown, suppressed: unknown): Error {
  const { SuppressedError } = globalThis as { SuppressedError?: Suppressing };
  if (SuppressedError !== undefined) return new SuppressedError(error, suppressed);
  const made = new Error('An error was suppressed during disposal');
  return Object.assign(made, { name: 'SuppressedError', error, suppressed });
}
