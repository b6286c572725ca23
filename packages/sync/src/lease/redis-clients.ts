/** As much of a client of ioredis or iovalkey, or of their Cluster, as a store uses. @beta */
export interface IoredisLike {
  /**
   * Runs the script with `numberOfKeys` keys, which begin the `args`; returns the reply once it has come.
   *
   * @throws (rejects) the client's error
   */
  eval(script: string, numberOfKeys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** As much of a client of node-redis (`redis`), or of its cluster, as a store uses. @beta */
export interface NodeRedisLike {
  /**
   * Runs the script with the keys and arguments of the `options`; returns the reply once it has come.
   *
   * @throws (rejects) the client's error
   */
  eval(
    script: string,
    options: { readonly keys: string[]; readonly arguments: string[] },
  ): Promise<unknown>;
  /** Only looked for, to tell the kind of client: never called, so `args` and what it returns do not matter. */
  evalSha(...args: never[]): unknown;
}

/** As much of a second client of ioredis or iovalkey as a store uses to be told of changes. @beta */
export interface IoredisSubscriber {
  /** `'ready'` while it is connected. */
  readonly status: string;
  /** Subscribes to a channel; returns once the server has answered, never rejects while it reconnects. */
  subscribe(channel: string): Promise<unknown>;
  /** Calls the listener for each `event`, a message of a channel; returns the client. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Calls the listener at the `event`, each time that it is connected; returns the client. */
  on(event: 'ready', listener: () => void): unknown;
}

/** As much of a second client of node-redis as a store uses to be told of changes. @beta */
export interface NodeRedisSubscriber {
  /** Whether it is connected. */
  readonly isReady: boolean;
  /**
   * Subscribes to a channel and calls the listener for each message; returns once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** Calls the listener at the `event`, each time that it is connected; returns the client. */
  on(event: 'ready', listener: () => void): unknown;
  /** Only looked for, to tell the kind of client: never called, so `args` and what it returns do not matter. */
  pSubscribe(...args: never[]): unknown;
}
