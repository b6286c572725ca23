import { nameErrors } from './name-errors.ts';

/** It was closed at this end. */
export class ClosedResourceError extends Error {
  static {
    nameErrors(this, 'ClosedResourceError');
  }
}

/** A thread or worker ended in the middle of a call: an uncaught exception, `process.exit()`, `close()`, out of memory. */
export class BrokenWorkerError extends Error {
  static {
    nameErrors(this, 'BrokenWorkerError');
  }

  /** That of the cause: 'ERR_WORKER_OUT_OF_MEMORY'. */
  readonly code: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = codeOf(options?.cause);
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
