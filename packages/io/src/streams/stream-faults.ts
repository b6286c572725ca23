import { BrokenResourceError, BusyResourceError, ClosedResourceError } from '../errors.ts';

interface Labelled {
  readonly label: string;
}

/** How a stream is called in messages and in the task tree. An object or a function is asked each time. */
export type StreamLabel = string | (() => string) | Labelled;

// The errors of streams, made where they are thrown. Functions of the label: an object of its own for them would be one more
// for each connection.

export function textOf(label: StreamLabel): string {
  if (typeof label === 'string') return label;
  return typeof label === 'function' ? label() : label.label;
}

export function busy(label: StreamLabel, verb: string): BusyResourceError {
  return new BusyResourceError(
    `${verb}: another ${verb === 'receive' ? 'receive' : 'send'} is under way on ${textOf(label)}; let one end before the next begins`,
  );
}

export function closed(label: StreamLabel, verb: string): ClosedResourceError {
  return new ClosedResourceError(`${verb}: ${textOf(label)} is closed at this end`);
}

/** `waiting` was under way when `verb` was called. */
export function closedBy(label: StreamLabel, verb: string, waiting: string): ClosedResourceError {
  return new ClosedResourceError(`${waiting}: ${textOf(label)} was closed by ${verb}() meanwhile`);
}

export function oneWay(label: StreamLabel, verb: string, direction: string): ClosedResourceError {
  return new ClosedResourceError(`${verb}: ${textOf(label)} can only be ${direction}`);
}

export function sentEof(label: StreamLabel, verb: string): ClosedResourceError {
  return new ClosedResourceError(
    `${verb}: sendEof() was called on ${textOf(label)}; nothing can be sent after it`,
  );
}

/** Which stream each error is of that says that one broke: known by what labels it. */
const brokenOnes = new WeakMap<object, StreamLabel>();

export function broken(
  label: StreamLabel,
  what: string,
  cause: Error | null | undefined,
): BrokenResourceError {
  const why = cause?.message ?? 'it was closed before its end';
  const error = new BrokenResourceError(`cannot ${what} ${textOf(label)}: ${why}`, { cause });
  brokenOnes.set(error, label);
  return error;
}

/** Whether `error` was made by {@link broken} for the stream with that label, an object or a function of its own. */
export function hasBroken(label: StreamLabel, error: object): boolean {
  return brokenOnes.get(error) === label;
}
