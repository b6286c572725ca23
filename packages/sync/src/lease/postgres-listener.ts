/** As much of a connected Client of pg as a store uses to be told of changes. @beta */
export interface PgListener {
  /**
   * Sends the `text` of a statement; returns once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  query(text: string): Promise<unknown>;
  /** Calls the listener for each `event`, a notification; returns the client. */
  on(event: 'notification', listener: (message: PgNotification) => void): unknown;
  /** Calls the listener at the `event`, the end of the connection; returns the client. */
  on(event: 'error' | 'end', listener: () => void): unknown;
}

/** A notification of pg. @beta */
export interface PgNotification {
  /** Where it was sent. */
  readonly channel: string;
  /** What was sent. */
  readonly payload?: string | undefined;
}

/** As much of a PGlite, or of what `postgres()` makes, as a store uses to be told of changes. @beta */
export interface ListenLike {
  /**
   * Listens to a channel and calls back for each payload; returns once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  listen(channel: string, callback: (payload: string) => void): PromiseLike<unknown>;
}

/** What can tell a store of changes. @beta */
export type PostgresListener = PgListener | ListenLike;

/** The callbacks of a listener. */
export interface ListenCallbacks {
  readonly channel: string;
  readonly heard: (payload: string) => void;
  readonly connected: (isConnected: boolean) => void;
  readonly failed: (error: unknown) => void;
}

/** Begins to listen; until that has succeeded, and after the connection has ended, waiters poll. */
export function listenTo(listener: PostgresListener, callbacks: ListenCallbacks): void {
  begin(listener, callbacks).then(
    () => {
      callbacks.connected(true);
    },
    (error: unknown) => {
      callbacks.failed(error);
    },
  );
}

function begin(listener: PostgresListener, callbacks: ListenCallbacks): Promise<unknown> {
  const given = listener as Partial<PgListener & ListenLike> | null;
  if (typeof given?.listen === 'function') {
    return Promise.resolve((listener as ListenLike).listen(callbacks.channel, callbacks.heard));
  }
  if (typeof given?.query === 'function' && typeof given.on === 'function') {
    return listenByClient(listener as PgListener, callbacks);
  }
  throw new TypeError(
    'postgresStore: listener cannot listen; give a connected Client of pg, a PGlite, or what postgres() makes',
  );
}

function listenByClient(client: PgListener, callbacks: ListenCallbacks): Promise<unknown> {
  client.on('notification', ({ channel, payload }) => {
    if (channel === callbacks.channel) callbacks.heard(payload ?? '');
  });
  for (const end of ['error', 'end'] as const) {
    client.on(end, () => {
      callbacks.connected(false);
    });
  }
  return client.query(`LISTEN ${callbacks.channel}`);
}
