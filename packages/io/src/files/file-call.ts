import { park, refusalOf } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { realWork } from '../real-work.ts';
import { inWordsOf } from './file-errors.ts';
import type { Place } from './file-path.ts';

export interface FileCall {
  /** What is done, for the task tree. */
  readonly name: string;
  /** Given to an error that names no file. */
  readonly place: Place;
  readonly options?: WaitOptions | undefined;
}

/**
 * A call of node:fs, which cannot be taken back: cancelled meanwhile, it is waited for anyway, so that it does not
 * outlive its scope, and its value is kept. The next checkpoint throws.
 */
export async function fileCall<T>(
  { name, place, options }: FileCall,
  start: () => Promise<T>,
): Promise<T> {
  const refused = refusalOf(name, options);
  if (refused !== undefined) return refused;
  return realWork(() =>
    park<T>(
      (waker) => {
        start().then(
          (value) => waker.wake(value),
          (error: unknown) => waker.fail(inWordsOf(error, place)),
        );
      },
      { shield: true, name: () => `${name} ${place.given}` },
    ),
  );
}
