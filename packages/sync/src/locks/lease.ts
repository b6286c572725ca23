/**
 * A resource that a pool has lent. Disposing it gives the resource back, whichever task does it; the second time
 * does nothing.
 */
export interface Lease<T> extends Disposable {
  /** The resource. */
  readonly value: T;
  /**
   * Ends the lease of a resource that is broken: it is destroyed and not lent again. Does not wait for
   * that. Does nothing once the lease has ended.
   */
  discard(): void;
}

/** In what state a resource comes back. */
export type LeaseEnd = 'whole' | 'broken';

/** Ends once, by giving back or by discarding. */
export class OpenLease<T> implements Lease<T> {
  readonly value: T;
  #end: ((state: LeaseEnd) => void) | undefined;

  constructor(value: T, end: (state: LeaseEnd) => void) {
    this.value = value;
    this.#end = end;
  }

  discard(): void {
    this.#endOnce('broken');
  }

  [Symbol.dispose](): void {
    this.#endOnce('whole');
  }

  #endOnce(state: LeaseEnd): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(state);
  }
}
