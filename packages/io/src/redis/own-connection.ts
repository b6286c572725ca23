import { BrokenResourceError } from '../errors.ts';
import { isIoredis, send } from './redis-client.ts';
import type { RedisClient, RedisWord } from './redis-client.ts';

/** Overrides for a connection that carries one blocking command at a time: it is never repeated behind the caller's back. */
const IOREDIS = {
  lazyConnect: true,
  retryStrategy: () => null,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  socketTimeout: undefined,
};

/** A connection of ours, with the options of the caller's client. */
export class OwnConnection {
  readonly client: RedisClient;
  readonly #listeners = new Set<() => void>();
  #lastError: unknown;
  #isOver = false;

  private constructor(client: RedisClient) {
    this.client = client;
    client.on('error', (error) => {
      this.#lastError = error;
    });
    client.on('end', this.#end);
    // What node-redis says when it gives up.
    if (!isIoredis(client)) client.on('terminated', this.#end);
  }

  /** One that does not connect again: it carries a command at a time, and is thrown away when it breaks. */
  static once(client: RedisClient): OwnConnection {
    if (isIoredis(client)) return new OwnConnection(client.duplicate(IOREDIS));
    const { socket } =
      (client as { readonly options?: { readonly socket?: object } }).options ?? {};
    return new OwnConnection(
      client.duplicate({
        socket: { ...socket, reconnectStrategy: false },
        disableOfflineQueue: false,
      }),
    );
  }

  /** One that connects again as the caller's client does. */
  static lasting(client: RedisClient): OwnConnection {
    const options = { lazyConnect: true, maxRetriesPerRequest: null };
    return new OwnConnection(isIoredis(client) ? client.duplicate(options) : client.duplicate());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What it failed with, for a caller: the client's own error says only that it is closed. */
  failure(where: string, error?: unknown): BrokenResourceError {
    return new BrokenResourceError(`${where}: the connection to Redis was lost`, {
      cause: this.#lastError ?? error,
    });
  }

  /** Waits until it is connected. */
  async connect(where: string): Promise<void> {
    try {
      await this.client.connect();
    } catch (error) {
      this.destroy();
      throw this.failure(where, error);
    }
  }

  async send(words: readonly RedisWord[]): Promise<unknown> {
    return send(this.client, words);
  }

  /** Calls the listener once it is over, also if it is already. */
  onEnd(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#listeners.add(listener);
  }

  readonly #end = (): void => {
    this.#isOver = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  };

  /** Closes it at once. */
  destroy(): void {
    try {
      if (isIoredis(this.client)) this.client.disconnect();
      else this.client.destroy();
    } catch {
      // node-redis: it is closed.
      this.#end();
    }
  }
}
