import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { BeginMessage, CancelMessage, QueueMessage, TaskMessage } from './task-message.ts';

/** The messages of the channels that are listened to. */
interface Messages {
  'ambit:task:spawn': TaskMessage;
  'ambit:task:begin': BeginMessage;
  'ambit:task:settle': TaskMessage;
  'ambit:scope:cancel': CancelMessage;
  'ambit:queue:open': QueueMessage;
}

/** Subscribes to channels of `node:diagnostics_channel`. */
export class Subscriptions implements Disposable {
  readonly #all = new Map<string, (message: unknown) => void>();

  /** Calls a function with each message of a channel, until disposed. */
  on<C extends keyof Messages>(channel: C, listener: (message: Messages[C]) => void): void {
    const listening = (message: unknown): void => {
      listener(message as Messages[C]);
    };
    subscribe(channel, listening);
    this.#all.set(channel, listening);
  }

  [Symbol.dispose](): void {
    for (const [channel, listening] of this.#all) unsubscribe(channel, listening);
    this.#all.clear();
  }
}
