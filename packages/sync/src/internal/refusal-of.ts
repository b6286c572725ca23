import { refused, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from './options.ts';

/** The promise of a waiting call that is refused on entry: it is cancelled, or has been given what is no options. */
export function refusalOf(
  where: string,
  options: WaitOptions | undefined,
): Promise<never> | undefined {
  try {
    throwIfCancelled(options, where);
  } catch (error) {
    return refused(error);
  }
  return undefined;
}
