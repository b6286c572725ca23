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

/** Adds tests that what is no AbortSignal is refused by these calls. */
export function refusals(
  calls: Readonly<Record<string, WaitingCall>>,
  runner: (body: () => Promise<void>) => Promise<unknown> = testRun,
): void {
  test.each(Object.keys(calls))('%s: what is no AbortSignal is refused', (name) =>
    runner(async () => {
      const attempt = new Attempt();
      const wrong = attempt.make(calls[name] as WaitingCall, { signal: 5 as never });
      await expect(wrong).rejects.toThrow(/signal is 5/);
      await expect(wrong).rejects.toBeInstanceOf(TypeError);
      expect(attempt.bodies).toBe(0);
    }),
  );
}
