import { nameErrors } from './name-errors.ts';

/** Something that serves one user at a time was used by two: two receives on one stream, for example. */
export class BusyResourceError extends Error {
  static {
    nameErrors(this, 'BusyResourceError');
  }
}
