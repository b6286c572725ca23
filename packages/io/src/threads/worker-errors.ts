import { codeOf } from '../errors.ts';

/** A thread ended in the middle of a call: `process.exit()`, an uncaught exception, out of memory. */
export class BrokenWorkerError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'BrokenWorkerError',
      writable: true,
      configurable: true,
    });
  }

  /** That of the cause: 'ERR_WORKER_OUT_OF_MEMORY'. */
  readonly code: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = codeOf(options?.cause);
  }
}
