import type { CancelScope, EventLoop } from '@ambit/core';
import { leaseLost, leaseReleased, reportStoreFailure } from './channels.ts';
import { LeaseLostError } from './errors.ts';
import type { LossReason } from './errors.ts';
import type { Instant } from './instant.ts';
import { Keeper } from './keeper.ts';
import type { Line, LineMember } from './line.ts';
import { ask, waitAtMost } from './request.ts';

/** A lease that another library got, and that is kept alive here. @beta */
export interface KeptLease extends AsyncDisposable {
  /** What is leased. */
  readonly name: string;
  /** Milliseconds for which it is surely held; looks at the clock; 0 once it is over. */
  readonly remaining: number;
  /** Aborts when the lease is lost, with the LeaseLostError; never after it was released. Made on first read. */
  readonly lost: AbortSignal;
  /** Throws the LeaseLostError if the lease is lost. Never waits. */
  throwIfLost(): void;
  /**
   * Lets the lease go, so that others can have it at once. Waits for the store's answer, at most `grace` milliseconds;
   * nothing cancels that, and it never rejects. The second time it does nothing.
   */
  release(): Promise<void>;
}

/** A lease of a {@link DistributedSemaphore}. It has no fence: several holders have no order to check. @beta */
export interface SemaphoreLease extends KeptLease {
  /** Names this holding, worldwide. */
  readonly holder: string;
}

/** A lease of a {@link DistributedLock}, renewed until it is released or lost. @beta */
export interface HeldLease extends SemaphoreLease {
  /** A safe integer that grows with each grant of this name: what a resource checks (see {@link FenceGate}). */
  readonly fence: number;
}

/** A lease, and the scope that is cancelled when it is lost. @beta */
export type InScope<L> = L & { readonly scope: CancelScope };

/** What a {@link Lease} is made of. */
export interface LeaseParts {
  readonly loop: EventLoop;
  readonly name: string;
  readonly holder?: string;
  readonly fence?: number;
  readonly ttl: number;
  readonly margin: number;
  /** How long a release may take. */
  readonly grace: number;
  /** When the request was sent that got it. */
  readonly sent: Instant;
  readonly line: Line | undefined;
  readonly renew: () => unknown;
  readonly release: (() => Promise<boolean>) | undefined;
  readonly onEnd: ((how: 'released' | 'lost') => void) | undefined;
}

interface LeaseListener {
  renewed(deadline: number): void;
  lost(error: LeaseLostError): void;
  released(): void;
}

/** Any lease that is held here: its face is one of the interfaces above. */
export class Lease implements KeptLease, LineMember {
  readonly name: string;
  declare readonly holder?: string;
  declare readonly fence?: number;
  readonly #parts: LeaseParts;
  readonly #keeper: Keeper;
  readonly #listeners: LeaseListener[] = [];
  /** @internal In debug mode: what would warn of a task that leaves it held. */
  _loan: Disposable | undefined;
  #error: LeaseLostError | undefined;
  #lost: AbortController | undefined;
  #ending: Promise<void> | undefined;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.name = parts.name;
    if (parts.holder !== undefined) this.holder = parts.holder;
    if (parts.fence !== undefined) this.fence = parts.fence;
    parts.line?.add(this);
    const { loop, ttl, margin, sent } = parts;
    this.#keeper = new Keeper({
      loop,
      ttl,
      margin,
      sent,
      renew: () => ask(parts.renew),
      onRenewed: (deadline) => {
        for (const listener of this.#listeners) listener.renewed(deadline);
      },
      onLost: (why, lastFailure) => {
        this.#lose(why, lastFailure);
      },
      onFailure: (error) => {
        reportStoreFailure('renew', this.name, error);
      },
    });
  }

  get remaining(): number {
    return this.#keeper.remaining;
  }

  get lost(): AbortSignal {
    if (this.#lost === undefined) {
      this.#lost = new AbortController();
      if (this.#error !== undefined) this.#lost.abort(this.#error);
    }
    return this.#lost.signal;
  }

  throwIfLost(): void {
    // Reading what remains looks at the clock, and may find that it is over.
    if (this.remaining === 0 && this.#error !== undefined) throw this.#error;
  }

  release(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** @internal The instant until which it is surely held. */
  get _deadline(): number {
    return this.#keeper.deadline;
  }

  /** @internal Why it was lost, if it was. */
  get _error(): LeaseLostError | undefined {
    return this.#error;
  }

  /** @internal */
  _check(): void {
    this.#keeper.check();
  }

  /** @internal Its deadline has come. */
  _expire(): void {
    this.#keeper.expire();
  }

  /** @internal */
  _watch(listener: LeaseListener): void {
    this.#listeners.push(listener);
  }

  #lose(why: LossReason, lastFailure: unknown): void {
    const hasCause = why === 'unreachable' && lastFailure !== undefined;
    // Not the lease itself: an error must not keep it, and its store, alive.
    this.#error = new LeaseLostError(this, why, hasCause ? { cause: lastFailure } : undefined);
    if (leaseLost.hasSubscribers) leaseLost.publish(this.#message({ why }));
    this.#parts.onEnd?.('lost');
    this.#parts.line?.drop(this);
    for (const listener of this.#listeners) listener.lost(this.#error);
    this.#lost?.abort(this.#error);
  }

  async #end(): Promise<void> {
    const { grace, line, onEnd } = this.#parts;
    this._loan?.[Symbol.dispose]();
    if (this.#error !== undefined) {
      // Not ours any more, and nothing is waited for. But its user is done: the store should know, for the nodes that wait.
      // eslint-disable-next-line @ambit/no-unowned-task -- it never rejects, and a lost lease waits for nothing
      void this.#drop();
      return;
    }
    this.#keeper.stop();
    for (const listener of this.#listeners) listener.released();
    const work = this.#drop().then((wasOurs) => {
      this.#announceEnd(wasOurs);
    });
    await waitAtMost(grace, work, `release of ${JSON.stringify(this.name)}`);
    onEnd?.('released');
    line?.drop(this);
  }

  /** Resolves with whether the store had it still; undefined if it failed. Never rejects. */
  async #drop(): Promise<boolean | undefined> {
    try {
      return await this.#parts.release?.();
    } catch (error) {
      reportStoreFailure('release', this.name, error);
      return undefined;
    }
  }

  #announceEnd(wasOurs: boolean | undefined): void {
    if (wasOurs === true && leaseReleased.hasSubscribers) leaseReleased.publish(this.#message({}));
    // Found only now, and its body has ended well: no error any more.
    if (wasOurs === false && leaseLost.hasSubscribers) {
      leaseLost.publish(this.#message({ why: 'gone' }));
    }
  }

  #message(more: object): object {
    return { name: this.name, holder: this.holder, fence: this.fence, ...more };
  }
}
