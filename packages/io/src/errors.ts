import { nameErrors } from '@ambit/core/lowlevel';

export { BusyResourceError, ClosedResourceError } from '@ambit/core/lowlevel';

/** The other end is gone, or the connection broke. Node's error, if there is one, is the `cause`. */
export class BrokenResourceError extends Error {
  static {
    nameErrors(this, 'BrokenResourceError');
  }

  /** That of the cause: 'ECONNRESET', 'EPIPE'. */
  readonly code: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = codeOf(options?.cause);
  }
}

/** The `code` of one of Node's errors. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
