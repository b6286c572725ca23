import { currentRandom } from '@ambit/core/lowlevel';

/** Milliseconds before the next try: doubled each time, from `least` to `most`, and spread by chance. */
export function backoff(failures: number, least: number, most: number): number {
  return Math.min(most, least * 2 ** failures) * (0.5 + currentRandom()());
}
