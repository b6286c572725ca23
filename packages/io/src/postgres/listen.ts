import { CancelScope, shield, supervise } from '@ambit/core';
import { checkFunction, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { checkString } from '../check.ts';
import { EventStream } from '../events/event-stream.ts';
import { withClient } from './lent-client.ts';
import type { LentClient } from './lent-client.ts';
import { checkPool } from './pg-client.ts';
import type { PgMessage, PgPool } from './pg-client.ts';
import { lenderOf } from './pg-connection.ts';
import type { PgConnection } from './pg-connection.ts';
import { reportFailure } from './reports.ts';
import { isRefusal } from './sql-state.ts';

/** Options for {@link listen}. @beta */
export interface ListenOptions extends WaitOptions {
  /** Called once, when the database has begun to send what comes: read then what was there before. A promise is awaited. */
  readonly onListening?: (() => unknown) | undefined;
  /**
   * Called when the connection is there again, with the error that it was lost for: notifications of the time between are
   * lost, so read what they would have told. A promise is
   * awaited. What it throws ends the iteration.
   */
  readonly onReconnect?: ((error: unknown) => unknown) | undefined;
}

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME = 63;

/** Milliseconds for the server to answer an UNLISTEN. */
const GRACE = 5000;

/**
 * Iterates the payloads of the notifications of a channel, on one connection of the pool, which it keeps. It begins at the
 * call and keeps what comes before it is asked for. A connection that is lost, or cannot be had, is replaced with growing
 * delays of up to 10 seconds, and each failure is published on `ambit:pg:error`. The end of a `for await` loop, `return()`, `close()`, and the end of the group around the call end it: they wait until the connection is back in the
 * pool.
 *
 * @beta
 * @param pool - a Pool of pg
 * @param channel - its name, as `pg_notify` takes it: in `NOTIFY` a name with capital letters needs quotes
 * @param options - `onListening`: told when it has begun; `onReconnect`: told of each gap; `signal`: aborting it ends the
 *   iteration with `signal.reason`
 * @returns the payloads, as they come; `''` where there is none
 * @throws TypeError, RangeError for bad arguments; `next()` rejects with the ambient scope's CancelledError, and with the
 *   error of a database that refuses for good: a wrong password, for example
 * @example
 * for await (const id of listen(pool, 'orders', { onReconnect: () => refresh() })) await handle(id);
 */
export function listen(
  pool: PgPool,
  channel: string,
  options?: ListenOptions,
): EventStream<string> {
  checkPool('listen', pool);
  checkChannel(channel);
  checkListenOptions(options);
  const { signal } = options ?? {};
  const label = `the next notification of ${channel}`;
  const scope = new CancelScope({ name: `listen ${channel}`, signal });
  const stream = new EventStream<string>({
    label,
    limit: Infinity,
    onFull: 'drop-oldest',
    signal,
    stop: () => {
      scope.cancel();
      return working;
    },
  });
  const session = new ListenSession(channel, stream, options);
  const working: Promise<void> = scope
    .run(() => session.work(pool))
    .then(undefined, (error: unknown) => stream._fail(error));
  return stream;
}

function checkListenOptions(options: ListenOptions | undefined): void {
  checkOptions('listen', options);
  checkSignal('listen', options?.signal);
  for (const name of ['onListening', 'onReconnect'] as const) {
    if (options?.[name] !== undefined) checkFunction('listen', name, options[name]);
  }
}

function checkChannel(channel: unknown): asserts channel is string {
  checkString('listen', 'channel', channel);
  const size = Buffer.byteLength(channel as string);
  if (size > LONGEST_NAME) {
    throw new RangeError(
      `listen: channel has ${size} bytes; give a name of ${LONGEST_NAME} at most: PostgreSQL cuts off the rest`,
    );
  }
}

/** One `listen`, over all of its connections. */
class ListenSession {
  readonly #channel: string;
  readonly #stream: EventStream<string>;
  readonly #options: ListenOptions | undefined;
  #gap: { readonly error: unknown } | undefined;
  #hasListened = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(channel: string, stream: EventStream<string>, options: ListenOptions | undefined) {
    this.#channel = channel;
    this.#stream = stream;
    this.#options = options;
  }

  work(pool: PgPool): Promise<void> {
    return supervise(
      () => withClient(lenderOf(pool), { grace: GRACE }, (lent) => this.#listenOn(lent)),
      {
        maxDelay: 10_000,
        resetAfter: 10_000,
        when: (error) => this.#failure === undefined && !isRefusal(error),
        onRestart: (error) => {
          this.#gap ??= { error };
          reportFailure('listen', error);
        },
      },
    );
  }

  async #listenOn(lent: LentClient<PgConnection>): Promise<never> {
    const { client } = lent.connection;
    const hear = ({ channel, payload }: PgMessage): void => {
      if (channel === this.#channel) this.#stream._put(payload ?? '');
    };
    const name = `"${this.#channel.replaceAll('"', '""')}"`;
    client.on('notification', hear);
    try {
      await lent.command(`LISTEN ${name}`);
      await this.#connected();
      return await lent.untilLost();
    } finally {
      client.removeListener('notification', hear);
      if (lent.isWhole) await shield(() => silence(lent, name));
    }
  }

  async #connected(): Promise<void> {
    const gap = this.#gap;
    this.#gap = undefined;
    const isFirst = !this.#hasListened;
    this.#hasListened = true;
    try {
      // Before the first time there was nothing to miss.
      if (isFirst) await this.#options?.onListening?.();
      else await this.#options?.onReconnect?.(gap?.error);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}

/** The connection must not bring notifications to the one that borrows it next. */
async function silence(lent: LentClient<PgConnection>, name: string): Promise<void> {
  try {
    await shield(() => lent.command(`UNLISTEN ${name}`), { timeout: GRACE });
  } catch (error) {
    lent.discard(error);
    reportFailure('listen', error);
  }
}
