import { InvalidStateError } from './errors.ts';

/** There is no `run()` around the caller. */
export class LoopNotRunningError extends InvalidStateError {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'LoopNotRunningError',
      writable: true,
      configurable: true,
    });
  }
}
