import { detached } from '@ambit/core';
import type { Handle } from '@ambit/core';
import { currentLoop, idleTimer, park } from '@ambit/core/lowlevel';
import { OwnConnection } from './own-connection.ts';
import type { RedisClient } from './redis-client.ts';

/** A connection of ours, by which the server knows it. */
export interface BlockingConnection {
  readonly own: OwnConnection;
  /** The number that `CLIENT UNBLOCK` takes. */
  readonly id: number;
}

/** Milliseconds after which a connection that is not used is closed. */
const IDLE = 10_000;

const pools = new WeakMap<RedisClient, BlockingPool>();

export function blockingPoolOf(client: RedisClient): BlockingPool {
  let pool = pools.get(client);
  if (pool === undefined) {
    pool = new BlockingPool(client);
    pools.set(client, pool);
  }
  return pool;
}

/** The connections for the blocking commands of one client: as many as commands block, and those that wait to be used. */
class BlockingPool {
  readonly #client: RedisClient;
  readonly #all = new Set<OwnConnection>();
  readonly #idle: { readonly connection: BlockingConnection; readonly timer: Handle }[] = [];

  constructor(client: RedisClient) {
    this.#client = client;
    // With the client that they were made from, their time is over.
    client.on('end', () => this.#closeAll());
  }

  /** Takes a connection that is not used, or makes one. A cancelled caller takes none. */
  take(): Promise<BlockingConnection> {
    return park<BlockingConnection>(
      (waker) => {
        const opening = detached(async () => this.#takeIdle() ?? this.#open());
        opening.then(
          (connection) => {
            if (!waker.wake(connection)) this.giveBack(connection);
          },
          (error: unknown) => waker.fail(error),
        );
      },
      { name: 'a connection to Redis' },
    );
  }

  #takeIdle(): BlockingConnection | undefined {
    const idle = this.#idle.pop();
    idle?.timer.cancel();
    return idle?.connection;
  }

  async #open(): Promise<BlockingConnection> {
    const own = OwnConnection.once(this.#client);
    this.#all.add(own);
    own.onEnd(() => this.#forget(own));
    await own.connect('blocking');
    try {
      return { own, id: Number(await own.send(['CLIENT', 'ID'])) };
    } catch (error) {
      own.destroy();
      throw error;
    }
  }

  #forget(own: OwnConnection): void {
    this.#all.delete(own);
    const at = this.#idle.findIndex(({ connection }) => connection.own === own);
    if (at >= 0) this.#idle.splice(at, 1)[0]?.timer.cancel();
  }

  giveBack(connection: BlockingConnection): void {
    if (connection.own.isOver) return;
    const loop = currentLoop();
    const timer = idleTimer(loop, loop.now() + IDLE, () => connection.own.destroy());
    this.#idle.push({ connection, timer });
  }

  #closeAll(): void {
    for (const own of this.#all) own.destroy();
  }
}
