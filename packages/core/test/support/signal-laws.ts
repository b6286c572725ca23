// `{ signal }`, for every function that waits: what is told of SignalOptions.
import { getEventListeners } from 'node:events';
import { sleepForever } from '@ambit/core';
import type { SignalOptions } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

/**
 * A call that would wait forever, with options; its body, if it calls one, is the one given. An iterator waits in its first
 * `next()`.
 */
export type WaitingCall = (
  options: SignalOptions,
  body: () => Promise<never>,
) => PromiseLike<unknown> | AsyncIterable<unknown>;

class Attempt {
  bodies = 0;
  readonly #body = (): Promise<never> => {
    this.bodies += 1;
    return sleepForever();
  };

  async make(call: WaitingCall, options: SignalOptions): Promise<unknown> {
    const made = call(options, this.#body);
    if (!(Symbol.asyncIterator in made)) return made;
    const iterator = made[Symbol.asyncIterator]();
    try {
      return await iterator.next();
    } finally {
      await iterator.return?.();
    }
  }
}

/** Adds tests of these calls, by name, each run by `runner`. */
export function signalLaws(
  calls: Readonly<Record<string, WaitingCall>>,
  runner: (body: () => Promise<void>) => Promise<unknown> = testRun,
): void {
  const names = Object.keys(calls);

  test.each(names)('%s: a signal that has aborted ends it before it begins', (name) =>
    runner(async () => {
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      const attempt = new Attempt();
      await expect(attempt.make(calls[name] as WaitingCall, { signal })).rejects.toBe(reason);
      expect(attempt.bodies).toBe(0);
    }),
  );

  test.each(names)('%s: aborted while it waits, it rejects with the reason', (name) =>
    runner(async () => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = new Attempt().make(calls[name] as WaitingCall, { signal });
      const outcome = waiting.catch((error: unknown) => error);
      await settle();
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      controller.abort(reason);
      expect(await outcome).toBe(reason);
      await settle();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }),
  );

  refusals(calls, runner);
}

/** What is no options, and options whose signal is none. */
const WRONG: readonly unknown[] = [
  ...[5, 'x', null, true, () => undefined],
  ...[5, 'x', null, {}].map((signal) => ({ signal })),
];

/** `'Queue.get, of an empty one'`: what its messages begin with is `Queue.get: ` or `get: `. */
function beginning(name: string): RegExp {
  const [door = ''] = name.split(/[,(]/);
  const [last = door, ...owners] = door.split('.').reverse();
  return new RegExp(`^(?:${[...owners.reverse(), ''].join('\\.')})?${last}: `);
}

/** More options for a call that needs some; what is no options stays what it is. */
export function besides<M extends object>(
  options: SignalOptions | null,
  more: M,
): SignalOptions & M {
  if (typeof options !== 'object' || options === null) return options as never;
  return { ...more, ...options };
}

/** Adds tests that these calls refuse what is no options, in their own name. */
export function refusals(
  calls: Readonly<Record<string, WaitingCall>>,
  runner: (body: () => Promise<void>) => Promise<unknown> = testRun,
): void {
  test.each(Object.keys(calls))('%s: what is no options is refused in its name', (name) =>
    runner(async () => {
      for (const options of WRONG) {
        const attempt = new Attempt();
        const wrong = attempt.make(calls[name] as WaitingCall, options as never);
        const error: unknown = await wrong.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toMatch(beginning(name));
        expect(attempt.bodies).toBe(0);
      }
    }),
  );
}
