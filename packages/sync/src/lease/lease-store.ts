/** Identifies one holder of a lease in a store. @beta */
export interface LeaseKey {
  /** What is leased: 1 to 512 characters of any kind. */
  readonly name: string;
  /** Names one request for it, worldwide; the same request sent twice has the same holder. */
  readonly holder: string;
}

/** A request for a lease, or for more time. @beta */
export interface LeaseRequest extends LeaseKey {
  /** Milliseconds until the lease runs out by itself, on the store's clock. */
  readonly ttl: number;
}

/** The store's answer to a request for a lease. @beta */
export type LeaseGrant =
  | { readonly granted: true; /** Grows with each grant of the name. */ readonly fence: number }
  | {
      readonly granted: false;
      /** Milliseconds until the earliest of the present leases runs out. */
      readonly retryAfter: number;
    };

/** One that holds a lease, as the store knows it. @beta */
export interface LeaseHolder {
  /** Names the holding. */
  readonly holder: string;
  /** The fence of its grant. */
  readonly fence: number;
  /** Milliseconds until it runs out. */
  readonly expiresIn: number;
  /** It was revoked, and its holder has not let go yet. */
  readonly revoked: boolean;
}

/** A request for permits of a rate, by the generic cell rate algorithm. @beta */
export interface RateRequest {
  readonly name: string;
  /** How many; negative: that many are given back. */
  readonly permits: number;
  /** Milliseconds in which one permit grows. */
  readonly interval: number;
  /** How many there are at most. */
  readonly burst: number;
}

/** What happened to a lease on some node. @beta */
export type LeaseChange = 'released' | 'revoked';

/**
 * Where leases are kept: a port. {@link memoryStore}, `redisStore` and `postgresStore` make one; users may write or
 * wrap one. Each error that a method throws, or rejects with, counts as a failure of the store.
 *
 * @beta
 */
export interface LeaseStore {
  /**
   * Grants the lease if fewer than `limit` hold it, or if this holder has it already.
   *
   * @param request - the name and the holder, for how long, and how many may hold it
   * @returns the grant, or when to ask again, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  acquire(request: LeaseRequest & { readonly limit: number }): Promise<LeaseGrant>;
  /**
   * Extends a lease that is still held to `ttl` milliseconds from now.
   *
   * @param request - the name, the holder, and `ttl` in milliseconds
   * @returns whether it is held, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  renew(request: LeaseRequest): Promise<'held' | 'revoked' | 'gone'>;
  /**
   * Ends the lease.
   *
   * @param key - the name and the holder
   * @returns whether it was there, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  release(key: LeaseKey): Promise<boolean>;
  /**
   * Marks all leases of the name as revoked: not renewed any more, yet taken until released or run out.
   *
   * @param name - what is leased
   * @returns how many there were, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  revoke(name: string): Promise<number>;
  /**
   * Lists the present holders of the name.
   *
   * @param name - what is leased
   * @returns the holders, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  holders(name: string): Promise<LeaseHolder[]>;
  /**
   * Takes permits of a rate.
   *
   * @param request - the name, how many, and the rate in milliseconds
   * @returns 0 if it took them, else the milliseconds until it could, once the store has answered
   * @throws (rejects) any error: the store failed
   */
  take(request: RateRequest): Promise<number>;
  /** Calls back when a lease was released or revoked, on any node. */
  onChange?(callback: (name: string, change: LeaseChange) => void): Disposable;
  /** Whether changes arrive at the moment. */
  readonly listening?: boolean;
}
