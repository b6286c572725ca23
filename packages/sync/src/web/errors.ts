import { nameErrors } from '@ambit/core/lowlevel';

/** A web lock was stolen from its holder: code somewhere asked for it with `steal: true`. @beta */
export class LockStolenError extends Error {
  static {
    nameErrors(this, 'LockStolenError');
  }

  /** The name of the lock. */
  readonly lockName: string;

  constructor(lockName: string, options?: ErrorOptions) {
    super(
      `the web lock ${JSON.stringify(lockName)} was stolen: other code of this origin asked for it with { steal: true }`,
      options,
    );
    this.lockName = lockName;
  }
}
