import { BrokenResourceError, BusyResourceError, ClosedResourceError } from '../errors.ts';

interface Labelled {
  readonly label: string;
}

/** How a stream is called in messages and in the task tree. An object or a function is asked each time. */
export type StreamLabel = string | (() => string) | Labelled;

/** The errors of one stream, made where they are thrown, and the memory of which of them say that it broke. */
export class StreamFaults {
  readonly #label: StreamLabel;
  #broken: WeakSet<object> | undefined;

  constructor(label: StreamLabel) {
    this.#label = label;
  }

  get label(): string {
    const label = this.#label;
    if (typeof label === 'string') return label;
    return typeof label === 'function' ? label() : label.label;
  }

  busy(verb: string): BusyResourceError {
    return new BusyResourceError(
      `${verb}: another ${verb === 'receive' ? 'receive' : 'send'} is under way on ${this.label}; let one end before the next begins`,
    );
  }

  closed(verb: string): ClosedResourceError {
    return new ClosedResourceError(`${verb}: ${this.label} is closed at this end`);
  }

  /** `waiting` was under way when `verb` was called. */
  closedBy(verb: string, waiting: string): ClosedResourceError {
    return new ClosedResourceError(`${waiting}: ${this.label} was closed by ${verb}() meanwhile`);
  }

  oneWay(verb: string, direction: string): ClosedResourceError {
    return new ClosedResourceError(`${verb}: ${this.label} can only be ${direction}`);
  }

  sentEof(verb: string): ClosedResourceError {
    return new ClosedResourceError(
      `${verb}: sendEof() was called on ${this.label}; nothing can be sent after it`,
    );
  }

  broken(what: string, cause: Error | null | undefined): BrokenResourceError {
    const why = cause?.message ?? 'it was closed before its end';
    const error = new BrokenResourceError(`cannot ${what} ${this.label}: ${why}`, { cause });
    (this.#broken ??= new WeakSet()).add(error);
    return error;
  }

  /** Whether `error` was made by {@link broken} of this stream. */
  hasMade(error: object): boolean {
    return this.#broken?.has(error) === true;
  }
}
