import { InvalidStateError } from './errors.ts';
import { nameErrors } from './name-errors.ts';

/** There is no `run()` around the caller. */
export class LoopNotRunningError extends InvalidStateError {
  static {
    nameErrors(this, 'LoopNotRunningError');
  }
}
