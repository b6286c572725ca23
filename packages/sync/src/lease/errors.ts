import { messageOf, nameErrors } from '@ambit/core/lowlevel';

/** Why a lease was lost. @beta */
export type LossReason = 'gone' | 'revoked' | 'unreachable' | 'blocked';

const EXPLANATIONS: Readonly<Record<LossReason, string>> = {
  gone: 'the store does not know it any more',
  revoked: 'it was revoked',
  unreachable: 'the store confirmed no renewal in time',
  blocked: 'the event loop was blocked, or the machine suspended, for too long to renew it',
};

/** What an error says of the lease that it is about; the lease itself would keep everything alive. @beta */
export interface LostLease {
  /** The name of the lock or semaphore. */
  readonly name: string;
  /** Its holder; undefined for a lease that another library keeps. */
  readonly holder?: string | undefined;
  /** Its number; larger than that of every lease before it. */
  readonly fence?: number | undefined;
}

/** A lease ended before it was released. @beta */
export class LeaseLostError extends Error {
  static {
    nameErrors(this, 'LeaseLostError');
  }

  /** The name of the lock or semaphore. */
  readonly leaseName: string;
  /** Its holder; undefined for a lease that another library keeps. */
  readonly holder: string | undefined;
  /** Its fence; undefined for a semaphore. */
  readonly fence: number | undefined;
  /**
   * `'gone'`: the store does not know it; `'revoked'`: it was revoked by hand; `'unreachable'`: the store was asked
   * without success; `'blocked'`: this process could not even ask.
   */
  readonly why: LossReason;

  constructor(lease: LostLease, why: LossReason, options?: ErrorOptions) {
    super(`the lease ${JSON.stringify(lease.name)} was lost: ${EXPLANATIONS[why]}`, options);
    this.leaseName = lease.name;
    this.holder = lease.holder;
    this.fence = lease.fence;
    this.why = why;
  }
}

/** The store failed, or did not answer in time; `cause` is its error. @beta */
export class LeaseStoreError extends Error {
  static {
    nameErrors(this, 'LeaseStoreError');
  }

  /** What it was asked for: a method of the store. */
  readonly operation: string;

  constructor(operation: string, name: string, cause: unknown) {
    const text = messageOf(cause);
    super(`${operation} of ${JSON.stringify(name)}: the store failed: ${text}`, { cause });
    this.operation = operation;
  }
}

/** A fence came that is older than one that was here before: its holder has lost the lease and does not know it. @beta */
export class StaleFenceError extends Error {
  static {
    nameErrors(this, 'StaleFenceError');
  }

  /** The fence that came. */
  readonly fence: number;
  /** The newest that was here. */
  readonly newest: number;

  constructor(fence: number, newest: number) {
    super(`the fence ${fence} is stale: ${newest} has been here; do not write, the lease is lost`);
    this.fence = fence;
    this.newest = newest;
  }
}
