import { splitOptions, suppress, throwIfCancelled } from '@ambit/core/lowlevel';
import type { SignalOptions } from '@ambit/core/lowlevel';
import { under } from '../cancellable.ts';
import { answerTo, awaitAnswer, endRemotely } from '../remote-call.ts';
import type { Answer } from '../remote-call.ts';
import { blockingPoolOf } from './blocking-pool.ts';
import type { BlockingConnection } from './blocking-pool.ts';
import { checkClient, checkWords, send } from './redis-client.ts';
import type { RedisClient, RedisWord } from './redis-client.ts';
import { reportFailure } from './reports.ts';

/** Milliseconds that the server has to end a command that was cancelled; then its connection is closed. */
const GRACE = 1000;

/**
 * Runs a command that blocks, `BLPOP` or `XREAD BLOCK` for example, on a connection of its own, which is made by the
 * client's `duplicate()` and kept for the next one. If the call is cancelled, the server is asked to unblock it, and the
 * call waits for the reply: an item that was already on its way is returned, and none is lost. If the server does not
 * answer within a second, the connection is closed, and the failure is suppressed in the error and published on
 * `ambit:redis:error`; an item that is sent at that moment is lost. A connection that breaks is an error: the command is
 * not repeated. The connections are closed with the client.
 *
 * @beta
 * @param client - of ioredis, iovalkey or node-redis, of a single server; it sends `CLIENT UNBLOCK`
 * @param name - of the command
 * @param input - its other words. Options may come after them: `signal` ends the call too
 * @returns the reply, as the client gives it
 * @throws (rejects) the client's error; BrokenResourceError if the connection is lost or cannot be had; the ambient scope's
 *   CancelledError; `signal.reason`; TypeError for bad arguments
 * @example
 * const item = await blocking<[string, string] | null>(redis, 'BLPOP', 'jobs', 0);
 */
export async function blocking<T = unknown>(
  client: RedisClient,
  name: string,
  ...input: readonly RedisWord[] | readonly [...args: RedisWord[], options: SignalOptions]
): Promise<T> {
  const [args, options] = splitOptions<RedisWord>('blocking', input);
  checkClient('blocking', client);
  checkWords('blocking', name, args);
  return under(options?.signal, () => onOwn(client, [name, ...args]) as Promise<T>);
}

async function onOwn(client: RedisClient, words: readonly RedisWord[]): Promise<unknown> {
  throwIfCancelled();
  const pool = blockingPoolOf(client);
  const connection = await pool.take();
  try {
    return await run(client, connection, words);
  } finally {
    pool.giveBack(connection);
  }
}

function run(
  client: RedisClient,
  connection: BlockingConnection,
  words: readonly RedisWord[],
): Promise<unknown> {
  const { own } = connection;
  const answering = answerTo(() => own.send(words)).then((answer) => {
    const isLost = answer.is === 'failure' && own.isOver;
    return isLost
      ? { is: 'failure' as const, error: own.failure('blocking', answer.error) }
      : answer;
  });
  return awaitAnswer(answering, {
    name: () => `the reply to ${String(words[0])}`,
    onCancel: (reason) => unblock({ client, connection, answering, reason }),
  });
}

interface Cancelled {
  readonly client: RedisClient;
  readonly connection: BlockingConnection;
  readonly answering: Promise<Answer<unknown>>;
  readonly reason: unknown;
}

async function unblock({
  client,
  connection,
  answering,
  reason,
}: Cancelled): Promise<Answer<unknown>> {
  const { own, id } = connection;
  const failure = await endRemotely({
    name: 'a command that blocks',
    ask: () => send(client, ['CLIENT', 'UNBLOCK', id]),
    ended: answering,
    grace: GRACE,
  });
  if (failure !== undefined) {
    own.destroy();
    suppress(reason, [failure]);
    reportFailure('unblock', failure);
    throw reason;
  }
  const answer = await answering;
  // Nothing came, as after a timeout of the command itself; or the connection was lost as well.
  if (answer.is === 'result' ? answer.result === null : own.isOver) throw reason;
  return answer;
}
