import { callSafely, ParkingLot } from '@ambit/core/lowlevel';
import type { Place } from '@ambit/core/lowlevel';
import { BrokenChannelError, EndOfChannelError } from '../internal/errors.ts';
import { handOver } from '../internal/hand-over.ts';
import type { Ready } from '../internal/item-source.ts';
import { Ring } from '../queues/ring.ts';

/** What a channel does with an item that is sent while there is no room. */
export type OnFull = 'wait' | 'drop-oldest' | 'drop-newest';

/** A request for room, with its place among all requests for room. */
export interface RoomRequest {
  readonly order: number;
}

/** A send that waits for room, with its item. */
export interface SendRequest<T> extends RoomRequest {
  readonly item: T;
}

interface ChannelParts<T> {
  /** Of the channel, for the task tree and for messages. */
  readonly label: string;
  readonly capacity: number;
  readonly onFull: OnFull;
  readonly onUndelivered: ((item: T) => void) | undefined;
}

/**
 * The state of a channel, which its handles share. Nothing in here waits: a caller that must wait puts
 * itself into one of the lines. At any time between two calls
 *
 * - callers wait to receive only if nothing is stored and no caller waits to send,
 * - callers wait for room only if there is none: stored items and reserved room fill the capacity.
 *
 * So a new call never has to check whether an earlier one waits.
 */
export class ChannelCore<T> {
  readonly label: string;
  readonly capacity: number;
  readonly #onFull: OnFull;
  readonly #onUndelivered: ((item: T) => void) | undefined;
  readonly #buffer = new Ring<T>();
  readonly sends: ParkingLot<void, SendRequest<T>> = new ParkingLot();
  readonly reserves: ParkingLot<void, RoomRequest> = new ParkingLot();
  readonly receives: ParkingLot<T> = new ParkingLot();
  /** Room that is promised to a permit. */
  reserved = 0;
  /** Open handles, and permits, by which items can still come. */
  openSenders = 0;
  openReceivers = 0;
  /** The most items that were ever stored. */
  peak = 0;
  #orders = 0;

  constructor({ label, capacity, onFull, onUndelivered }: ChannelParts<T>) {
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

  /** The place of a request for room among all of them. */
  nextOrder(): number {
    this.#orders += 1;
    return this.#orders;
  }

  /** Accepts an item, also if it is dropped at once. Returns false if it has to wait. */
  offer(item: T): boolean {
    if (handOver(this.receives, item)) return true;
    if (this.#hasRoom) {
      this.#store(item);
      return true;
    }
    if (this.#onFull === 'wait') return false;
    this.#drop(item);
    return true;
  }

  #store(item: T): void {
    this.#buffer.push(item);
    if (this.size > this.peak) this.peak = this.size;
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

  /** Takes the next item: a stored one, else the one of the caller that waits longest to send. */
  take(): Ready<T> | undefined {
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

  /** Takes room for one item. Returns false if there is none. */
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
    if (handOver(this.receives, item)) this.#fill();
    else this.#store(item);
    this.senderGone();
  }

  /** Gives back the room that was reserved. */
  unreserve(): void {
    this.reserved -= 1;
    this.#fill();
    this.senderGone();
  }

  /** Gives room to the callers that wait longest for it. */
  #fill(): void {
    while (this.#hasRoom) {
      const send = this.sends.head;
      const reserve = this.reserves.head;
      if (send !== undefined && isBefore(send, reserve)) {
        if (send.wake()) this.#store(send.data.item);
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
    this.receives.failAll(() => this.endOfChannel('receive'));
  }

  receiverGone(): void {
    this.openReceivers -= 1;
    if (this.openReceivers > 0) return;
    this.sends.failAll(() => this.brokenChannel('send'));
    this.reserves.failAll(() => this.brokenChannel('reserve'));
    while (this.#buffer.size > 0) this.#undelivered(this.#buffer.take());
  }

  endOfChannel(method: string): EndOfChannelError {
    return new EndOfChannelError(
      `${method}: all senders of the ${this.label} have closed, and every item was received`,
    );
  }

  brokenChannel(method: string): BrokenChannelError {
    return new BrokenChannelError(
      `${method}: all receivers of the ${this.label} have closed; an item could not arrive`,
    );
  }

  #undelivered(item: T): void {
    // What it throws is reported: neither the sender nor the caller that closes can do anything about it.
    if (this.#onUndelivered !== undefined) callSafely(this.#onUndelivered, item);
  }
}

function isBefore(
  request: Place<void, RoomRequest>,
  other: Place<void, RoomRequest> | undefined,
): boolean {
  return other === undefined || request.data.order < other.data.order;
}
