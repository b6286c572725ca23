import { show } from '@ambit/core/lowlevel';

/** A word of a command. @beta */
export type RedisWord = string | number | Uint8Array;

/** As much of a client of ioredis or iovalkey as the functions of this door use. @beta */
export interface IoredisClient {
  /**
   * Sends the command `name` with `args`; returns the reply once it has come.
   *
   * @throws (rejects) the client's error
   */
  call(name: string, ...args: never[]): Promise<unknown>;
  /** Makes a client with the same options, but those of `override`. */
  duplicate(override?: object): IoredisClient;
  /**
   * Connects; returns once that is done.
   *
   * @throws (rejects) the client's error
   */
  connect(): Promise<unknown>;
  /** Closes the connection at once. */
  disconnect(): void;
  /**
   * Subscribes to channels; returns once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  subscribe(...channels: string[]): Promise<unknown>;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'end', listener: () => void): unknown;
  /** Stops calling the listener at the `event`; returns the client. */
  removeListener(event: 'end', listener: () => void): unknown;
}

/** As much of a client of node-redis (`redis`) as the functions of this door use. @beta */
export interface NodeRedisClient {
  /**
   * Sends a command of `words`, with `options`; returns the reply once it has come.
   *
   * @throws (rejects) the client's error
   */
  sendCommand(words: never[], options?: object): Promise<unknown>;
  /** Makes a client with the same options, but those of `overrides`. */
  duplicate(overrides?: object): NodeRedisClient;
  /**
   * Connects; returns once that is done.
   *
   * @throws (rejects) the client's error
   */
  connect(): Promise<unknown>;
  /** Closes the connection at once. */
  destroy(): void;
  /**
   * Subscribes to channels and calls the listener for each message; returns once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  subscribe(
    channels: string[],
    listener: (message: string, channel: string) => void,
  ): Promise<unknown>;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'end' | 'terminated', listener: () => void): unknown;
  /** Stops calling the listener at the `event`; returns the client. */
  removeListener(event: 'end', listener: () => void): unknown;
}

/** A client of a single server: for a Cluster, give a client of the node that has the key. @beta */
export type RedisClient = IoredisClient | NodeRedisClient;

export function isIoredis(client: RedisClient): client is IoredisClient {
  return typeof (client as Partial<IoredisClient>).call === 'function';
}

/** Sends a command. With node-redis one that has not been written yet is taken back by the signal. */
export function send(
  client: RedisClient,
  words: readonly RedisWord[],
  abortSignal?: AbortSignal,
): Promise<unknown> {
  if (isIoredis(client)) {
    const [name, ...args] = words.map(asSent);
    return client.call(String(name), ...(args as never[]));
  }
  const given = words.map(asSent) as never[];
  return client.sendCommand(given, abortSignal === undefined ? {} : { abortSignal });
}

/** What all clients take: of other bytes ioredis sends the numbers, as a text, and node-redis sends nothing. */
function asSent(word: RedisWord): string | Buffer {
  if (typeof word === 'string' || Buffer.isBuffer(word)) return word;
  if (typeof word === 'number') return String(word);
  return Buffer.from(word.buffer, word.byteOffset, word.byteLength);
}

export function checkClient(where: string, client: unknown): asserts client is RedisClient {
  const given = client as Partial<Record<string, unknown>> | null | undefined;
  const isClient =
    typeof given?.['call'] === 'function' || typeof given?.['sendCommand'] === 'function';
  if (!isClient) {
    throw new TypeError(
      `${where}: client is ${show(client)}; give a client of ioredis, iovalkey or redis`,
    );
  }
  if (given['isCluster'] !== true && !('masters' in given)) return;
  throw new TypeError(`${where}: client is a cluster; give a client of one of its nodes`);
}

export function checkWords(where: string, name: unknown, args: readonly unknown[]): void {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`${where}: name is ${show(name)}; give the name of a command`);
  }
  for (const word of args) {
    if (typeof word === 'string' || typeof word === 'number' || word instanceof Uint8Array)
      continue;
    throw new TypeError(
      `${where}: an argument of ${name} is ${show(word)}; give strings, numbers and Buffers`,
    );
  }
}
