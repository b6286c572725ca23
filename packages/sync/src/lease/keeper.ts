import type { EventLoop, Handle } from '@ambit/core';
import { currentRandom } from '@ambit/core/lowlevel';
import type { LossReason } from './errors.ts';
import { Instant } from './instant.ts';

/** A lease that a {@link Keeper} keeps, and the callbacks for its end. */
export interface Kept {
  readonly loop: EventLoop;
  readonly ttl: number;
  readonly margin: number;
  /** When the request was sent that got the lease. */
  readonly sent: Instant;
  /** `'gone'`, `'revoked'` or false: it is lost; a rejection: to be tried again; anything else: it is held. */
  readonly renew: () => Promise<unknown>;
  readonly onRenewed: (deadline: number) => void;
  readonly onLost: (why: LossReason, lastFailure: unknown) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Renewals go out after this part of the time to live, at random up to a tenth sooner or later. */
const RENEW_AFTER = 1 / 3;
const SPREAD = 0.1;
/** After a failure, and while one is not answered: it may take another connection. */
const RETRY_AFTER = 1 / 10;
const REPEAT_AFTER = 1 / 6;
/** A renewal that is so late was not sent because the process could not. */
const LATE = 1 / 20;

/**
 * Keeps a lease alive, and says that it is lost before it can run out.
 *
 * All time counts from *before* a request was sent: the store may have granted the lease at that instant, however
 * long its answer took. So the deadline of the body is the last success plus the time to live, less the margin.
 * Several renewals can be on their way at once; an older answer never moves the deadline back. A failure of the store
 * never ends the lease by itself: the deadline does, and then `why` says whether the store was asked at all.
 */
export class Keeper {
  readonly #kept: Kept;
  /** Of the run in which the lease was granted: renewals go out from timers, outside of it. */
  readonly #random = currentRandom();
  #sent: Instant;
  #dueAt = Infinity;
  #onTheirWay = 0;
  #lastFailure: unknown;
  #next: Handle | undefined;
  #guard: Handle | undefined;
  #isOver = false;

  constructor(kept: Kept) {
    this.#kept = kept;
    this.#sent = kept.sent;
    this.#armNext();
    this.#armGuard();
  }

  /** The instant, on the loop's clock, until which the lease is surely held. */
  get deadline(): number {
    return this.#sent.at + this.#kept.ttl - this.#kept.margin;
  }

  /** Milliseconds until then; 0 once it is over. Looks at the clock. */
  get remaining(): number {
    if (this.#isOver) return 0;
    const left = this.#kept.ttl - this.#kept.margin - this.#sent.passed;
    if (left > 0) return left;
    this.expire();
    return 0;
  }

  /** The deadline has come. */
  expire(): void {
    const now = this.#kept.loop.now();
    // Before the deadline by the loop's clock: that stood still, with the machine.
    const wasStopped = now > this.#dueAt + this.#kept.ttl * LATE || now < this.deadline;
    this.#lose(this.#onTheirWay === 0 && wasStopped ? 'blocked' : 'unreachable');
  }

  /** There is a sign that it may be gone: asks now. */
  check(): void {
    this.#renew();
  }

  /** It is let go of: nothing is renewed, no callback is called. */
  stop(): void {
    this.#isOver = true;
    this.#next?.cancel();
    this.#guard?.cancel();
  }

  #lose(why: LossReason): void {
    if (this.#isOver) return;
    this.stop();
    this.#kept.onLost(why, this.#lastFailure);
  }

  #renew(): void {
    if (this.remaining === 0) return;
    const sent = new Instant(this.#kept.loop);
    this.#arm(sent.at + this.#kept.ttl * REPEAT_AFTER);
    this.#onTheirWay += 1;
    this.#kept.renew().then(
      (answer) => {
        this.#onTheirWay -= 1;
        this.#answered(answer, sent);
      },
      (error: unknown) => {
        this.#onTheirWay -= 1;
        this.#failed(error);
      },
    );
  }

  #answered(answer: unknown, sent: Instant): void {
    // Over, or too late, with any answer.
    if (this.remaining === 0) return;
    if (answer === 'revoked') this.#lose('revoked');
    else if (answer === 'gone' || answer === false) this.#lose('gone');
    else if (sent.at > this.#sent.at) {
      this.#sent = sent;
      this.#lastFailure = undefined;
      this.#armNext();
      this.#armGuard();
      this.#kept.onRenewed(this.deadline);
    }
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#lastFailure = error;
    this.#kept.onFailure(error);
    this.#arm(this.#kept.loop.now() + this.#kept.ttl * RETRY_AFTER);
  }

  #armNext(): void {
    const spread = 1 - SPREAD + 2 * SPREAD * this.#random();
    this.#arm(this.#sent.at + this.#kept.ttl * RENEW_AFTER * spread);
  }

  #arm(at: number): void {
    this.#next?.cancel();
    this.#dueAt = at;
    this.#next = this.#kept.loop.callAt(at, () => {
      this.#renew();
    });
  }

  #armGuard(): void {
    this.#guard?.cancel();
    this.#guard = this.#kept.loop.callAt(this.deadline, () => {
      this.expire();
    });
  }
}
