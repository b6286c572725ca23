import { checkOptions } from '@ambit/core/lowlevel';
import { checkLeaseName } from './arguments.ts';
import { reportStoreFailure } from './channels.ts';
import type {
  LeaseChange,
  LeaseGrant,
  LeaseHolder,
  LeaseKey,
  LeaseRequest,
  LeaseStore,
  RateRequest,
} from './lease-store.ts';
import type {
  IoredisLike,
  IoredisSubscriber,
  NodeRedisLike,
  NodeRedisSubscriber,
} from './redis-clients.ts';
import { originalText, storedText } from './stored-text.ts';
import { ACQUIRE, HOLDERS, RELEASE, RENEW, REVOKE, TAKE } from './redis-scripts.ts';

/** Options for {@link redisStore}. @beta */
export interface RedisStoreOptions {
  /** Begins every key. Default `'ambit:'`. */
  readonly prefix?: string | undefined;
  /** A second client, of the same kind, that the store alone uses: with it, waiters are woken at once. */
  readonly subscriber?: IoredisSubscriber | NodeRedisSubscriber | undefined;
}

/**
 * Makes a store on Redis 5 or later, Valkey, or a Cluster of them. A name has one key, with a time to live; a question
 * is one EVAL. Connections, timeouts and retries are the client's.
 *
 * @beta
 * @param client - of ioredis, iovalkey or node-redis
 * @param options - `prefix`: begins every key; `subscriber`: a second client, for wake-ups
 * @returns the store
 * @throws TypeError if the client has not the methods that are used
 * @example
 * const store = redisStore(new Redis(url), { subscriber: new Redis(url) });
 */
export function redisStore(
  client: IoredisLike | NodeRedisLike,
  options?: RedisStoreOptions,
): LeaseStore {
  checkOptions('redisStore', options);
  const { prefix = 'ambit:', subscriber } = options ?? {};
  checkLeaseName('redisStore', 'prefix', prefix);
  const store = new RedisStore(evaluatorOf(client), {
    prefix,
    channel: subscriber === undefined ? '' : `${prefix}changes`,
  });
  if (subscriber !== undefined) store.listen(subscriber);
  return store;
}

type Evaluate = (script: string, key: string, ...args: (string | number)[]) => Promise<unknown>;

function evaluatorOf(client: IoredisLike | NodeRedisLike): Evaluate {
  const given = client as { readonly eval?: unknown } | null | undefined;
  if (typeof given?.eval !== 'function') {
    throw new TypeError(
      'redisStore: client has no eval(); give a client of ioredis, iovalkey or redis',
    );
  }
  // node-redis calls it evalSha, ioredis and iovalkey evalsha.
  if ('evalSha' in client) {
    return (script, key, ...args) =>
      client.eval(script, { keys: [key], arguments: args.map(String) });
  }
  return (script, key, ...args) => client.eval(script, 1, key, ...args);
}

const RENEWAL = ['gone', 'held', 'revoked'] as const;
const MARKS: Readonly<Record<LeaseChange, string>> = { released: '-', revoked: '!' };

class RedisStore implements LeaseStore {
  readonly #evaluate: Evaluate;
  readonly #prefix: string;
  /** Where changes are published; nothing without a subscriber. */
  readonly #channel: string;
  readonly #callbacks = new Set<(name: string, change: LeaseChange) => void>();
  #isConnected = (): boolean => false;

  constructor(
    evaluate: Evaluate,
    { prefix, channel }: { readonly prefix: string; readonly channel: string },
  ) {
    this.#evaluate = evaluate;
    this.#prefix = prefix;
    this.#channel = channel;
  }

  get listening(): boolean {
    return this.#isConnected();
  }

  /**
   * Subscribes to changes. Until that has succeeded, waiters poll. A client that is not connected yet, or gave up because
   * the server was not there, refuses: so it is asked again whenever it is connected, which changes nothing otherwise.
   */
  listen(subscriber: IoredisSubscriber | NodeRedisSubscriber): void {
    const given = subscriber as Partial<IoredisSubscriber> | null;
    const missing = (['subscribe', 'on'] as const).find(
      (method) => typeof given?.[method] !== 'function',
    );
    if (missing !== undefined) {
      throw new TypeError(
        `redisStore: subscriber has no ${missing}(); give a second client, of the same kind as the first`,
      );
    }
    const subscribe = this.#subscription(subscriber);
    const begin = (): void => {
      subscribe().then(
        (isConnected) => {
          this.#isConnected = isConnected;
        },
        (error: unknown) => {
          reportStoreFailure('subscribe', this.#channel, error);
        },
      );
    };
    begin();
    (subscriber as IoredisSubscriber).on('ready', begin);
  }

  async acquire(request: LeaseRequest & { readonly limit: number }): Promise<LeaseGrant> {
    const { name, holder, ttl, limit } = request;
    const key = this.#key(name);
    const answer = await this.#evaluate(ACQUIRE, key, holder, Math.ceil(ttl), limit);
    const [isGranted, value] = (answer as unknown[]).map(Number) as [number, number];
    if (isGranted === 1) return { granted: true, fence: value };
    return { granted: false, retryAfter: Math.max(0, value) };
  }

  async renew({ name, holder, ttl }: LeaseRequest): Promise<'held' | 'revoked' | 'gone'> {
    const answer = await this.#evaluate(RENEW, this.#key(name), holder, Math.ceil(ttl));
    return RENEWAL[Number(answer)] ?? 'gone';
  }

  async release({ name, holder }: LeaseKey): Promise<boolean> {
    const args = [holder, this.#channel, MARKS.released + storedText(name)];
    return Number(await this.#evaluate(RELEASE, this.#key(name), ...args)) === 1;
  }

  async revoke(name: string): Promise<number> {
    const args = [this.#channel, MARKS.revoked + storedText(name)];
    return Number(await this.#evaluate(REVOKE, this.#key(name), ...args));
  }

  async holders(name: string): Promise<LeaseHolder[]> {
    const flat = (await this.#evaluate(HOLDERS, this.#key(name))) as unknown[];
    const holders: LeaseHolder[] = [];
    for (let at = 0; at + 2 < flat.length; at += 3) {
      const member = String(flat[at]);
      holders.push({
        holder: member.slice(2),
        fence: Number(flat[at + 2]),
        expiresIn: Number(flat[at + 1]),
        revoked: member.startsWith('r:'),
      });
    }
    return holders;
  }

  async take({ name, permits, interval, burst }: RateRequest): Promise<number> {
    const [cost, room] = [permits, burst].map((count) => Math.round(count * interval * 1000));
    const answer = await this.#evaluate(TAKE, `${this.#key(name)}:rate`, cost ?? 0, room ?? 0);
    return Number(answer) / 1000;
  }

  onChange(callback: (name: string, change: LeaseChange) => void): Disposable {
    this.#callbacks.add(callback);
    return { [Symbol.dispose]: () => void this.#callbacks.delete(callback) };
  }

  // The braces keep all keys of a name on one node of a Cluster.
  #key(name: string): string {
    return `${this.#prefix}{${storedText(name)}}`;
  }

  /** Subscribes, and resolves with what tells whether the connection is there. */
  #subscription(subscriber: IoredisSubscriber | NodeRedisSubscriber): () => Promise<() => boolean> {
    if ('pSubscribe' in subscriber) {
      return async () => {
        await subscriber.subscribe(this.#channel, this.#heard);
        return () => subscriber.isReady;
      };
    }
    subscriber.on('message', (channel, message) => {
      if (channel === this.#channel) this.#heard(message);
    });
    return async () => {
      await subscriber.subscribe(this.#channel);
      return () => subscriber.status === 'ready';
    };
  }

  readonly #heard = (message: string): void => {
    const change = message.startsWith(MARKS.revoked) ? 'revoked' : 'released';
    const name = originalText(message.slice(1));
    for (const callback of this.#callbacks) callback(name, change);
  };
}
