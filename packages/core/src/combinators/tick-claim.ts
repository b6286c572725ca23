import { checkWhole, show } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { park } from '../waiting/park.ts';
import { retry } from './retry.ts';

/** Where nodes agree which of them runs a tick: a store of `@ambit/sync/lease` has this method. */
export interface OnceStore {
  /**
   * Grants a name to at most `limit` holders for `ttl` milliseconds; a request that is sent twice counts once.
   *
   * @param request - `ttl` in milliseconds
   * @returns whether it was granted
   */
  acquire(request: {
    readonly name: string;
    readonly holder: string;
    readonly ttl: number;
    readonly limit: number;
  }): PromiseLike<{ readonly granted: boolean }>;
}

/** Options of a schedule that runs on many nodes. */
interface OnceOptions {
  readonly name?: string | undefined;
  readonly once?: OnceStore | undefined;
}

/** Milliseconds for which a tick is taken: nodes whose clocks differ by less run it once. */
const KEEP = 86_400_000;
const ATTEMPTS = 5;
/** Milliseconds for each answer. */
const PATIENCE = 10_000;
/** A store takes names of 512 characters, and the instant is part of it. */
const LONGEST_NAME = 400;

/**
 * Asks the store whether this node runs a tick. The holder is the same in each attempt, so that an answer that got lost
 * loses no tick.
 *
 * @throws (rejects) the store's last error; TimeoutError if it does not answer; the ambient scope's CancelledError
 */
export async function claimTick(store: OnceStore, name: string, due: Date): Promise<boolean> {
  const request = {
    name: `${name} ${due.toISOString()}`,
    holder: `schedule/${globalThis.crypto.randomUUID()}`,
    ttl: KEEP,
    limit: 1,
  };
  const ask = (): Promise<boolean> => answerOf(() => store.acquire(request), name);
  return retry(ask, { attempts: ATTEMPTS, timeout: PATIENCE });
}

function answerOf(
  question: () => PromiseLike<{ readonly granted: boolean }>,
  name: string,
): Promise<boolean> {
  return park<boolean>(
    (waker) => {
      question().then(
        ({ granted }) => void waker.wake(granted),
        (error: unknown) => void waker.fail(error),
      );
    },
    { name: `claim of a tick of ${show(name)}` },
  );
}

/** Checks what a schedule needs to run on many nodes; `every`: its period, if it has one. */
export function checkOnce({ name, once }: OnceOptions, every: number | undefined): void {
  checkText('schedule', 'name', name);
  if (name !== undefined && name.length > LONGEST_NAME) {
    throw new RangeError(
      `schedule: name has ${String(name.length)} characters; give ${String(LONGEST_NAME)} or fewer`,
    );
  }
  if (once === undefined) return;
  if (typeof (once as Partial<OnceStore> | null)?.acquire !== 'function') {
    throw new TypeError(
      `schedule: once is ${show(once)}, without acquire(); give a store of @ambit/sync/lease`,
    );
  }
  if (every !== undefined) checkWhole('schedule', 'every', every, 1);
}
