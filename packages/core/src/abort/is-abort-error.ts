import { isAbortError as hasAbortErrorName } from 'abort-controller-x';

/**
 * True for whatever says by its name that it was aborted: a DOMException of `AbortController`, Node's and
 * abort-controller-x's `AbortError`, and Ambit's own `CancelledError`. It does not say who was aborted: an
 * `AbortError` in a scope that nobody cancelled is a failure.
 *
 * @param error - anything caught
 * @returns whether it does
 * @example
 * const closed = await socket.closed.catch((error: unknown) => {
 *   if (!isAbortError(error)) throw error;
 * });
 */
export function isAbortError(error: unknown): error is Error {
  return hasAbortErrorName(error);
}
