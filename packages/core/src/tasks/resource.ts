import { checkFunction, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { yieldIfDue } from '../waiting/ready.ts';
import { checkResource, openPaced } from './cleanups.ts';
import { cleanUpAfter, shielded } from './shielded.ts';
import type { Failure, OpenResource, Resource } from './cleanups.ts';

/**
 * Makes a kind of resource out of an async generator function that yields once: what stands before
 * the `yield` sets up, what stands after it cleans up, as Python's `@asynccontextmanager`. The body's
 * failure is thrown at the `yield`; swallowing it there changes nothing. Cleanup is shielded.
 *
 * @param setup - an async generator function that yields once, what it set up
 * @returns a function that takes the generator's arguments and gives a resource for `use`,
 *   `group.enter` or `ResourceStack.enter`
 * @example
 * const connection = defineResource(async function* (url: string) {
 *   const client = await connect(url);
 *   try {
 *     yield client;
 *   } finally {
 *     await client.close();
 *   }
 * });
 * await use(connection('db://main'), (client) => client.query('…'));
 */
export function defineResource<A extends unknown[], T>(
  setup: (...args: A) => AsyncGenerator<T, void>,
): (...args: A) => Resource<T> {
  checkFunction('defineResource', 'setup', setup);
  return (...args) => ({ open: () => openGenerator(setup.name, setup(...args)) });
}

async function openGenerator<T>(
  name: string,
  generator: AsyncGenerator<T, void>,
): Promise<OpenResource<T>> {
  if (typeof (generator as Partial<AsyncGenerator<T, void>> | undefined)?.next !== 'function') {
    throw new TypeError(
      `defineResource: ${name || 'setup'} returned ${show(generator)}; give an async function*`,
    );
  }
  const first = await generator.next();
  if (first.done === true) {
    throw new InvalidStateError(
      `the resource ${name || '(anonymous)'} ended without a yield; yield its value once`,
    );
  }
  return {
    value: first.value,
    close: (failure) => shielded(() => closeGenerator(name, generator, failure)),
  };
}

async function closeGenerator<T>(
  name: string,
  generator: AsyncGenerator<T, void>,
  failure: Failure | undefined,
): Promise<void> {
  const last = await resumeGenerator(generator, failure);
  if (last?.done !== false) return;
  await generator.return();
  throw new InvalidStateError(
    `the resource ${name || '(anonymous)'} yielded twice; yield its value once`,
  );
}

async function resumeGenerator<T>(
  generator: AsyncGenerator<T, void>,
  failure: Failure | undefined,
): Promise<IteratorResult<T, void> | undefined> {
  if (failure === undefined) return generator.next();
  try {
    return await generator.throw(failure.error);
  } catch (error) {
    // The failure itself, passing through: it is its owner's to throw.
    if (error === failure.error) return undefined;
    throw error;
  }
}

/**
 * Sets a resource up, runs a body with it, and cleans up, shielded, also if the body fails. Waits
 * for all three.
 *
 * @param resource - made by `defineResource`
 * @param options - `signal`: cancels setup and body
 * @returns the body's value
 * @throws (rejects) what the setup throws; what the body throws, with cleanup errors in its
 *   `suppressedErrors`; a cleanup error if nothing else failed, if the body was cancelled say
 * @example
 * const rows = await use(connection(url), (client) => client.query('select 1'));
 */
export async function use<T, R>(
  resource: Resource<T>,
  body: (value: T) => R | PromiseLike<R>,
  options?: SignalOptions,
): Promise<R> {
  checkResource('use', resource);
  checkFunction('use', 'body', body);
  checkCall('use', options);
  return underSignal(options?.signal, () => openAndUse(resource, body));
}

async function openAndUse<T, R>(
  resource: Resource<T>,
  body: (value: T) => R | PromiseLike<R>,
): Promise<R> {
  const opened = await openPaced(resource);
  let result: R;
  try {
    result = await body(opened.value);
  } catch (error) {
    return cleanUpAfter(error, () => opened.close({ error }));
  }
  await opened.close();
  const pause = yieldIfDue();
  if (pause !== undefined) await pause;
  return result;
}
