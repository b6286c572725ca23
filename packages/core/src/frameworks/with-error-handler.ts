import { checkFunction } from '../internal/check.ts';
import type { ActionOptions } from '../actions/action-options.ts';

/**
 * The options of a component's action, with a handler of the framework where the caller has none. The caller's own `onError` is
 * called on the caller's object, which this is a copy of.
 */
export function withErrorHandler(
  options: ActionOptions | undefined,
  handler: (error: unknown) => void,
): ActionOptions {
  const onError = options?.onError;
  if (onError === undefined) return { ...options, onError: handler };
  checkFunction('useAction', 'onError', onError);
  return { ...options, onError: (error, task) => onError.call(options, error, task) };
}
