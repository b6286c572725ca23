import { isAbortError as hasAbortErrorName } from 'abort-controller-x';

/**
 * Tells whether an error says by its name that something was aborted: a DOMException of `AbortController`, Node's and
 * abort-controller-x's `AbortError`, and Ambit's own `CancelledError`. It does not say which call was aborted: an
 * `AbortError` in a scope that is not cancelled is a failure.
 *
 * @param error - anything caught
 * @returns true if it does
 * @example
 * const closed = await socket.closed.catch((error: unknown) => {
 *   if (!isAbortError(error)) throw error;
 * });
 */
export function isAbortError(error: unknown): error is Error {
  return hasAbortErrorName(error);
}
