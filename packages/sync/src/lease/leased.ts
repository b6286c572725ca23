import { contextSnapshot, currentTask, getRunningLoop, InvalidStateError } from '@ambit/core';
import { currentRandom, isWithin, noteLoan, park, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import { checkLeaseName, checkPermits, checkStore, timingOf } from './arguments.ts';
import type { LeaseOptions, Timing } from './arguments.ts';
import { leaseAcquired, reportStoreFailure } from './channels.ts';
import { LeaseStoreError } from './errors.ts';
import { Lease } from './held-lease.ts';
import type { InScope } from './held-lease.ts';
import { Instant } from './instant.ts';
import { runUnder } from './lease-scope.ts';
import type { LeaseGrant, LeaseHolder } from './lease-store.ts';
import type { LeaseStatistics, Leasing } from './leasing.ts';
import { backoff } from './backoff.ts';
import { lineOf } from './line.ts';
import type { Line } from './line.ts';
import { processIdentity } from './process-identity.ts';
import { ask, request, StoreFailure } from './request.ts';
import type { RequestOutcome } from './request.ts';
import { storeCall } from './store-call.ts';

/** How much longer a node polls that is told of each change. */
const LISTENING_FACTOR = 10;

/** Leases of one name, for callers of this process: the machine under the lock's and the semaphore's face. */
export class Leased {
  readonly label: string;
  readonly timing: Timing;
  readonly #leasing: Leasing;
  readonly #identity: string;
  /** Renewals and releases belong to the lock: no cancellation of a caller may reach them. */
  readonly #outside = contextSnapshot();
  readonly #counts = { waiting: 0, held: 0, granted: 0, lost: 0 };

  constructor(leasing: Leasing, options: LeaseOptions | undefined) {
    const { where, kind, store, name, permits } = leasing;
    checkStore(where, store);
    checkLeaseName(where, 'name', name);
    checkPermits(where, 'permits', permits);
    this.timing = timingOf(where, options);
    if (options?.identity !== undefined) checkLeaseName(where, 'identity', options.identity);
    this.#leasing = leasing;
    this.#identity = options?.identity ?? processIdentity();
    this.label = `${kind} ${JSON.stringify(name)}`;
  }

  /** Waits in line, then asks until it is granted. */
  async acquire(method: string, options: WaitOptions | undefined): Promise<Lease> {
    const line = this.#line();
    this.#refuseWithin(method, line);
    throwIfCancelled(options, `${this.#leasing.where}.${method}`);
    const caller = { began: getRunningLoop().now() };
    if (line.turn.locked) line.waiters.add(caller);
    line.enter();
    this.#counts.waiting += 1;
    try {
      const turn = await line.turn.acquire({ signal: options?.signal });
      try {
        return await this.#askUntilGranted(line, options?.signal, caller);
      } finally {
        turn[Symbol.dispose]();
      }
    } finally {
      this.#counts.waiting -= 1;
      line.waiters.delete(caller);
      line.leave();
    }
  }

  /** Asks once, unless a caller here waits already. */
  async tryAcquire(options: WaitOptions | undefined): Promise<Lease | undefined> {
    throwIfCancelled(options, `${this.#leasing.where}.tryAcquire`);
    const line = this.#line();
    if (line.waiters.size > 0 || line.held.size >= this.#leasing.permits) return undefined;
    line.enter();
    try {
      const answer = await this.#ask(line, options?.signal, getRunningLoop().now());
      return answer instanceof Lease ? answer : undefined;
    } catch (error) {
      throw this.#thrown(error);
    } finally {
      line.leave();
    }
  }

  /** Runs the body under a lease that was got just now. */
  run<T>(lease: Lease, body: (lease: InScope<Lease>) => T | PromiseLike<T>): Promise<T> {
    const { ambientLease } = this.#line();
    return runUnder(lease, (held) => ambientLease.run(held, () => body(held)));
  }

  /** In debug mode: warns if the calling task ends and leaves the lease held. */
  lend(lease: Lease): void {
    const task = currentTask();
    if (task === undefined) return;
    lease._loan = noteLoan(task, () => (lease.remaining > 0 ? `the ${this.label}` : undefined));
  }

  async holders(options: WaitOptions | undefined): Promise<LeaseHolder[]> {
    throwIfCancelled(options, `${this.#leasing.where}.holders`);
    const { store, name } = this.#leasing;
    const answer = storeCall('holders', name, () => store.holders(name));
    const wait = { name: this.label, signal: options?.signal };
    return park<LeaseHolder[]>((waker) => {
      answer.then(
        (holders) => waker.wake(holders),
        (error: unknown) => waker.fail(error),
      );
    }, wait);
  }

  /** Not cancelled by what it does: the caller may be one of those that it revokes. */
  revoke(): Promise<number> {
    const { store, name } = this.#leasing;
    return storeCall('revoke', name, () => store.revoke(name));
  }

  statistics(): LeaseStatistics {
    return { ...this.#counts };
  }

  #line(): Line {
    return lineOf(this.#leasing.store, 'lease', this.#leasing.name);
  }

  #refuseWithin(method: string, { ambientLease, held }: Line): void {
    const outer = ambientLease.get();
    if (this.#leasing.permits > 1 || outer === undefined || !held.has(outer)) return;
    if (!isWithin(ambientLease, outer)) return;
    throw new InvalidStateError(
      `${this.#leasing.where}.${method}: this is inside run() of the ${this.label}, and would wait for itself forever; ` +
        'use the lease that is held already, or leave run() first',
    );
  }

  async #askUntilGranted(
    line: Line,
    signal: AbortSignal | undefined,
    caller: { readonly began: number },
  ): Promise<Lease> {
    const loop = getRunningLoop();
    const { ttl, poll } = this.timing;
    let wasAnswered = false;
    for (let failures = 0; ;) {
      // While all there is, is held here, its release wakes us, and there is nothing to ask.
      let wait = ttl;
      if (line.held.size < this.#leasing.permits) {
        try {
          const answer = await this.#ask(line, signal, caller.began);
          if (answer instanceof Lease) return answer;
          wasAnswered = true;
          failures = 0;
          wait = this.#pauseAfter(answer.retryAfter);
        } catch (error) {
          if (!(error instanceof StoreFailure) || !wasAnswered) throw this.#thrown(error);
          reportStoreFailure('acquire', this.#leasing.name, this.#thrown(error));
          wait = backoff(failures, poll, ttl);
          failures += 1;
        }
      }
      line.waiters.add(caller);
      await line.pause(wait, { loop, signal, name: this.label });
    }
  }

  #pauseAfter(retryAfter: number): number {
    const { poll } = this.timing;
    const every = this.#leasing.store.listening === true ? poll * LISTENING_FACTOR : poll;
    return Math.max(1, Math.min(every * (0.5 + currentRandom()()), retryAfter + 1));
  }

  async #ask(
    line: Line,
    signal: AbortSignal | undefined,
    began: number,
  ): Promise<Lease | { readonly retryAfter: number }> {
    const loop = getRunningLoop();
    const { store, name, permits } = this.#leasing;
    const { ttl, margin, grace } = this.timing;
    const holder = `${this.#identity}/${globalThis.crypto.randomUUID()}`;
    const sent = new Instant(loop);
    const answer = await request<LeaseGrant>({
      loop,
      patience: ttl - margin,
      grace,
      signal,
      label: this.label,
      send: () => store.acquire({ name, holder, ttl, limit: permits }),
      undo: (outcome) => this.#giveBack(outcome, holder),
    });
    if (!answer.granted) return answer;
    if (sent.passed >= ttl - margin) {
      // So late an answer is no lease: it may have run out already.
      await this.#giveBack({ is: 'answered', value: answer }, holder);
      return { retryAfter: 0 };
    }
    const waited = loop.now() - began;
    return this.#granted(line, { loop, holder, sent, fence: answer.fence, waited });
  }

  async #giveBack(outcome: RequestOutcome<LeaseGrant>, holder: string): Promise<void> {
    if (outcome.is === 'answered' && !outcome.value.granted) return;
    const { store, name } = this.#leasing;
    try {
      await ask(() => this.#outside(() => store.release({ name, holder })));
    } catch (error) {
      reportStoreFailure('release', name, error);
    }
  }

  #granted(line: Line, grant: Grant): Lease {
    const { store, name, kind } = this.#leasing;
    const { loop, holder, sent, waited } = grant;
    const { ttl, margin, grace } = this.timing;
    const fenced = kind === 'lock' ? { fence: grant.fence } : {};
    this.#counts.granted += 1;
    this.#counts.held += 1;
    if (leaseAcquired.hasSubscribers) {
      leaseAcquired.publish({ name, holder, fence: grant.fence, waited });
    }
    return new Lease({
      ...{ loop, line, name, holder, ttl, margin, grace, sent, ...fenced },
      renew: () => this.#outside(() => store.renew({ name, holder, ttl })),
      release: () => this.#outside(() => store.release({ name, holder })),
      onEnd: (how) => {
        this.#counts.held -= 1;
        if (how === 'lost') this.#counts.lost += 1;
      },
    });
  }

  #thrown(error: unknown): unknown {
    if (!(error instanceof StoreFailure)) return error;
    return new LeaseStoreError('acquire', this.#leasing.name, error.cause);
  }
}

interface Grant {
  readonly loop: ReturnType<typeof getRunningLoop>;
  readonly holder: string;
  readonly sent: Instant;
  readonly fence: number;
  readonly waited: number;
}
