import { leavesOf, pairOf } from '../internal/errors.ts';
import { attachedErrors, suppress } from '../internal/suppressed-errors.ts';
import { tryOr } from '../internal/try-or.ts';

/**
 * What tells the errors of one cancellation from failures. Nothing is said of whether the scope at
 * hand is cancelled: that comes first, and an `AbortError` in a scope that is not cancelled is a failure.
 */
export interface Recognisable {
  readonly source: string;
  readonly reason: unknown;
}

/**
 * True if the error is nothing but the consequence of a cancellation: the cancellation itself, an
 * `AbortError` by name (fetch, Node, abort-controller-x), the reason of the signal that cancelled, or
 * an aggregate of nothing else. An error that only has it as its `cause` is a failure, and one that
 * carries failures in its `suppressedErrors` brings them along. What cannot be looked at is a failure.
 */
export function isCausedBy(cancellation: Recognisable, error: unknown): boolean {
  // Errors attached to it come out of the scope that was cancelled: see {@link failuresOn}.
  if (error === cancellation) return true;
  return new Sieve(cancellation).sift(error) === NOTHING;
}

/**
 * The error without the cancellations in it. A mixed aggregate is rebuilt from its other leaves,
 * which keep identity and cause; inner aggregates that become empty go; of a `SuppressedError` that
 * becomes single the one that is left; of a cancellation that carries failures the first of these,
 * with the others; everything else is returned as it is. Not for an error that {@link isCausedBy}
 * recognises whole.
 */
export function withoutCancellations(cancellation: Recognisable, error: unknown): unknown {
  const left = new Sieve(cancellation).sift(error);
  return left === NOTHING ? error : left;
}

/**
 * The failures that were attached to a cancellation on its way: of cleanup that has failed beside a wait for something
 * that the same cancellation ended. They come out instead of it, where it ends.
 */
export function failuresOn(cancellation: Recognisable): unknown[] {
  const attached = attachedErrors(cancellation);
  if (attached.length === 0) return [];
  const sieve = new Sieve(cancellation);
  return attached.map((error) => sieve.sift(error)).filter((left) => left !== NOTHING);
}

/** A scope as far as it tells what is cancelled. */
interface Place {
  readonly _reason: object | undefined;
  readonly _parent: Place | undefined;
}

/**
 * True for the cancellation of a scope around, also beyond a shield. Beside a failure it is none: it is thrown again at the
 * next checkpoint, and what is attached to it would go with it where it ends.
 */
export function isInForce(here: Place, error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  for (let place: Place | undefined = here; place !== undefined; place = place._parent) {
    if (place._reason === error) return true;
  }
  return false;
}

/** The one error to throw for several: the first failure, with the later ones attached. */
export function combined(here: Place, errors: readonly unknown[]): unknown {
  const failures = errors.filter((error) => !isInForce(here, error));
  const [first = errors[0], ...later] = failures;
  suppress(first, later);
  return first;
}

/** What is left of an error that is nothing but a cancellation. */
const NOTHING = Symbol('nothing');
/** What is known of an error that is part of itself, while it is looked at. */
const UNDECIDED = Symbol('undecided');

/** An error with what it is made of, on the way through them. */
interface Node {
  readonly error: unknown;
  readonly parts: readonly unknown[];
  readonly attached: readonly unknown[];
}

/**
 * Takes the cancellations out of an error. Looks at each part once, however many aggregates share it and however deep it
 * lies; an aggregate that is part of itself counts by its other parts.
 */
class Sieve {
  readonly #cancellation: Recognisable;
  readonly #left = new Map<unknown, unknown>();

  constructor(cancellation: Recognisable) {
    this.#cancellation = cancellation;
  }

  sift(error: unknown): unknown {
    const trail: Node[] = [];
    this.#enter(error, trail);
    for (let node = trail.at(-1); node !== undefined; node = trail.at(-1)) {
      const depth = trail.length;
      for (const part of [...node.parts, ...node.attached]) this.#enter(part, trail);
      if (trail.length > depth) continue;
      trail.pop();
      this.#left.set(node.error, this.#leftOf(node));
    }
    const left = this.#left.get(error);
    return left === UNDECIDED ? error : left;
  }

  /** Decides at once for an error that has no parts; else puts it down to be decided after them. */
  #enter(error: unknown, trail: Node[]): void {
    if (this.#left.has(error)) return;
    const node = this.#opened(error);
    this.#left.set(error, node === undefined ? this.#leftOfPlain(error) : UNDECIDED);
    if (node !== undefined) trail.push(node);
  }

  #opened(error: unknown): Node | undefined {
    if (error === this.#cancellation) return undefined;
    const parts = partsOf(error);
    if (parts.length === 0 && !this.#isPlain(error)) return undefined;
    const attached = attachedErrors(error);
    return parts.length + attached.length === 0 ? undefined : { error, parts, attached };
  }

  #leftOfPlain(error: unknown): unknown {
    return error === this.#cancellation || this.#isPlain(error) ? NOTHING : error;
  }

  #isPlain(error: unknown): boolean {
    // Signals are aborted with anything, strings too.
    if (this.#cancellation.source === 'signal' && error === this.#cancellation.reason) return true;
    return tryOr(() => hasAbortName(error), false);
  }

  #leftOf({ error, parts, attached }: Node): unknown {
    const kept = this.#kept(parts);
    if (kept.length > 0) return tryOr(() => this.#rebuilt(error, parts, kept), error);
    const [first, ...later] = this.#kept(attached);
    if (first === undefined) return this.#isHollow(parts) ? UNDECIDED : NOTHING;
    suppress(first, later);
    return first;
  }

  /** What of them is a failure, or has some in it. */
  #kept(parts: readonly unknown[]): unknown[] {
    const left = parts.map((part) => this.#left.get(part));
    return left.filter((each) => each !== NOTHING && each !== UNDECIDED);
  }

  /** Whether there is nothing in them but the aggregates that they are part of. */
  #isHollow(parts: readonly unknown[]): boolean {
    return parts.length > 0 && parts.every((part) => this.#left.get(part) === UNDECIDED);
  }

  #rebuilt(error: unknown, parts: readonly unknown[], kept: unknown[]): unknown {
    const isUnchanged = parts.every((part) => [part, UNDECIDED].includes(this.#left.get(part)));
    if (isUnchanged) return error;
    if (pairOf(error) === undefined) return copyOf(error as Error, { errors: kept });
    const [newest, older] = kept;
    return kept.length === 1
      ? newest
      : copyOf(error as Error, { error: newest, suppressed: older });
  }
}

function hasAbortName(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
  );
}

function partsOf(error: unknown): readonly unknown[] {
  return tryOr(() => pairOf(error) ?? leavesOf(error), undefined) ?? [];
}

/** The same error with other parts: class, message, stack, cause and all other properties are kept. */
function copyOf(error: Error, parts: Readonly<Record<string, unknown>>): Error {
  const copy = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  for (const key of Reflect.ownKeys(error)) {
    const property = Object.getOwnPropertyDescriptor(error, key);
    // Of a frozen error, they could not be replaced.
    if (property !== undefined)
      Object.defineProperty(copy, key, { ...property, configurable: true });
  }
  for (const [key, value] of Object.entries(parts)) {
    Object.defineProperty(copy, key, { value, writable: true, configurable: true });
  }
  // Those of a frozen error are not among its properties.
  suppress(copy, attachedErrors(error));
  return copy;
}
