import { ParkingLot } from '@ambit/core/lowlevel';
import type { Place } from '@ambit/core/lowlevel';
import { BrokenChannelError, EndOfChannelError } from './errors.ts';
import { failAll } from './fail-all.ts';
import type { Taken } from './feed.ts';
import { reportLater } from './report-later.ts';
import { Ring } from './ring.ts';

/** What happens to an item that is sent while there is no room. */
export type OnFull = 'wait' | 'drop-oldest' | 'drop-newest';

/** A wait for room, at its place among all waits for room. */
export interface Claim {
  readonly order: number;
}

/** A send that waits, with its item. */
export interface Offer<T> extends Claim {
  readonly item: T;
}

/**
 * The state of a channel, which its handles share. Nothing in here waits: who finds that it must wait
 * puts itself into one of the lines, in which at any time between two calls
 *
 * - somebody waits to receive only if nothing is stored and nobody waits to send,
 * - somebody waits for room only if there is none: what is stored and what is reserved fill the capacity.
 *
 * So a newcomer never has to look whether somebody was there before.
 */
export class ChannelCore<T> {
  readonly label: string;
  readonly capacity: number;
  readonly #onFull: OnFull;
  readonly #onUndelivered: ((item: T) => void) | undefined;
  readonly #buffer = new Ring<T>();
  readonly sends: ParkingLot<void, Offer<T>> = new ParkingLot();
  readonly reserves: ParkingLot<void, Claim> = new ParkingLot();
  readonly receives: ParkingLot<T> = new ParkingLot();
  /** Room that is promised to a permit. */
  reserved = 0;
  /** Open handles, and permits, by which items can still come. */
  openSenders = 0;
  openReceivers = 0;
  #orders = 0;

  constructor(
    label: string,
    capacity: number,
    onFull: OnFull,
    onUndelivered: ((item: T) => void) | undefined,
  ) {
    this.label = label;
    this.capacity = capacity;
    this.#onFull = onFull;
    this.#onUndelivered = onUndelivered;
  }

  /** How many items are stored. */
  get size(): number {
    return this.#buffer.size;
  }

  get #hasRoom(): boolean {
    return this.#buffer.size + this.reserved < this.capacity;
  }

  /** At its place among all who wait for room. */
  claim(): Claim {
    this.#orders += 1;
    return { order: this.#orders };
  }

  /** Accepts an item, also if it is to be dropped at once. False: it has to wait. */
  offer(item: T): boolean {
    if (this.#handOver(item)) return true;
    if (this.#hasRoom) {
      this.#buffer.push(item);
      return true;
    }
    if (this.#onFull === 'wait') return false;
    this.#drop(item);
    return true;
  }

  #handOver(item: T): boolean {
    for (let place = this.receives.head; place !== undefined; place = this.receives.head) {
      if (place.wake(item)) return true;
    }
    return false;
  }

  #drop(item: T): void {
    if (this.#onFull === 'drop-newest' || this.#buffer.size === 0) {
      this.#undelivered(item);
      return;
    }
    const oldest = this.#buffer.take();
    this.#buffer.push(item);
    this.#undelivered(oldest);
  }

  /** Takes the next item: what is stored, else straight from who waits longest to send. */
  take(): Taken<T> | undefined {
    if (this.#buffer.size > 0) {
      const value = this.#buffer.take();
      this.#fill();
      return { value };
    }
    for (let place = this.sends.head; place !== undefined; place = this.sends.head) {
      if (place.wake()) return { value: place.data.item };
    }
    return undefined;
  }

  /** Takes room for one item. False: there is none. */
  reserve(): boolean {
    if (!this.#hasRoom) return false;
    this.#promise();
    return true;
  }

  #promise(): void {
    this.reserved += 1;
    this.openSenders += 1;
  }

  /** Sends into the room that was reserved. */
  sendReserved(item: T): void {
    this.reserved -= 1;
    if (this.#handOver(item)) this.#fill();
    else this.#buffer.push(item);
    this.senderGone();
  }

  /** Gives back the room that was reserved. */
  unreserve(): void {
    this.reserved -= 1;
    this.#fill();
    this.senderGone();
  }

  /** Gives room to those who wait longest for it. */
  #fill(): void {
    while (this.#hasRoom) {
      const send = this.sends.head;
      const reserve = this.reserves.head;
      if (send !== undefined && isBefore(send, reserve)) {
        if (send.wake()) this.#buffer.push(send.data.item);
      } else if (reserve === undefined) {
        return;
      } else if (reserve.wake()) {
        this.#promise();
      }
    }
  }

  senderGone(): void {
    this.openSenders -= 1;
    if (this.openSenders > 0) return;
    failAll(this.receives, () => this.endOfChannel('receive'));
  }

  receiverGone(): void {
    this.openReceivers -= 1;
    if (this.openReceivers > 0) return;
    failAll(this.sends, () => this.brokenChannel('send'));
    failAll(this.reserves, () => this.brokenChannel('reserve'));
    while (this.#buffer.size > 0) this.#undelivered(this.#buffer.take());
  }

  endOfChannel(method: string): EndOfChannelError {
    return new EndOfChannelError(
      `${method}: all senders of the ${this.label} have closed, and all they sent was received`,
    );
  }

  brokenChannel(method: string): BrokenChannelError {
    return new BrokenChannelError(
      `${method}: all receivers of the ${this.label} have closed; what is sent could not arrive`,
    );
  }

  #undelivered(item: T): void {
    if (this.#onUndelivered === undefined) return;
    try {
      this.#onUndelivered(item);
    } catch (error) {
      // Neither who sends nor who closes can do anything about it.
      reportLater(error);
    }
  }
}

function isBefore(claim: Place<void, Claim>, other: Place<void, Claim> | undefined): boolean {
  return other === undefined || claim.data.order < other.data.order;
}
