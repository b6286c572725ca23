import { withoutCancellation } from '../cancellable.ts';
import { currentHolder } from './current-request.ts';
import type { RequestHolder } from './current-request.ts';
import { saysTooLate } from './http-consequence.ts';
import { isThenable } from './pending-work.ts';

type Callback = (...args: unknown[]) => unknown;

/** Called in place of what a framework would do about the end of a request that was cancelled. */
export type GiveUp = (args: readonly unknown[]) => void;

/**
 * A function of a framework's that is part of its request: the task of the request lasts until the promise that it returns
 * has settled. If it ends by the cancellation of this very request, by a throw, a rejection or its callback, `giveUp` is
 * called and the framework hears nothing: `serveHttp` answers. Outside of a request it is the function itself.
 */
export function partOfRequest<F extends Callback>(fn: F, giveUp: GiveUp): F {
  return new Proxy(fn, {
    apply: (target, self, args: unknown[]): unknown => {
      const request = currentHolder();
      const call = (given: unknown[]): unknown => Reflect.apply(target, self, given);
      return request === undefined ? call(args) : callFor(request, { call, args, giveUp });
    },
  });
}

interface Call {
  readonly call: (args: unknown[]) => unknown;
  readonly args: unknown[];
  readonly giveUp: GiveUp;
}

function callFor(request: RequestHolder, { call, args, giveUp }: Call): unknown {
  const stop = (): void => giveUp(args);
  try {
    const returned = call(args.map((each, at) => guardedLast(request, { each, at, args, stop })));
    return isThenable(returned) ? attended(request, returned, stop) : returned;
  } catch (error) {
    if (!isItsEnd(request, error)) throw error;
    stop();
    return undefined;
  }
}

interface Argument {
  readonly each: unknown;
  readonly at: number;
  readonly args: readonly unknown[];
  readonly stop: () => void;
}

/** The last argument, if it is a function, is that by which the framework is told to go on, or of an error. */
function guardedLast(request: RequestHolder, { each, at, args, stop }: Argument): unknown {
  if (at < args.length - 1 || typeof each !== 'function') return each;
  return (...told: unknown[]): unknown =>
    isItsEnd(request, told[0]) ? stop() : (each as Callback)(...told);
}

function attended(
  request: RequestHolder,
  returned: PromiseLike<unknown>,
  stop: () => void,
): Promise<unknown> {
  const work = settled(request, returned, stop);
  const ignore = (): void => undefined;
  request.keep(work.then(ignore, ignore));
  return work;
}

async function settled(
  request: RequestHolder,
  returned: PromiseLike<unknown>,
  stop: () => void,
): Promise<unknown> {
  try {
    return await returned;
  } catch (error) {
    if (request.scope?.reason === undefined) throw error;
    const [failure] = await withoutCancellation(error);
    if (!isItsEnd(request, failure)) throw failure;
    stop();
    return undefined;
  }
}

/**
 * Whether an error is no news: the cancellation of this request, by identity, since that of anything else is an error like
 * others; or that of an answer which came too late, of a handler that went on after it.
 */
export function isItsEnd(request: RequestHolder, error: unknown): boolean {
  const reason = request.scope?.reason;
  if (reason === undefined) return false;
  return error === reason || (request.isAnsweredForHandler && saysTooLate(error));
}
