import { CancelScope, run } from '@ambit/core';
import type { EventLoop, Handle } from '@ambit/core';
import { interval } from '@ambit/core/iter';
import { EventEmitter } from 'node:events';
import { events, openSignals } from '@ambit/io';

/** A loop on which a millisecond passes each time that somebody looks at the clock. */
class LookedAtLoop implements EventLoop {
  #looks = 0;

  now(): number {
    this.#looks += 1;
    return this.#looks;
  }

  callSoon(callback: () => void): void {
    queueMicrotask(callback);
  }

  callNext(callback: () => void): Handle {
    const immediate = setImmediate(callback);
    return { when: this.#looks, cancel: () => clearImmediate(immediate) };
  }

  callLater(ms: number, callback: () => void): Handle {
    return this.callAt(this.#looks + ms, callback);
  }

  callAt(when: number, callback: () => void): Handle {
    const poll = setInterval(() => {
      if (this.now() < when) return;
      clearInterval(poll);
      callback();
    }, 0);
    return { when, cancel: () => clearInterval(poll) };
  }
}

// A cancelled scope drains, too: a deadline that passes between two looks must not pass for the end of the source.
test.each<[string, () => AsyncIterable<unknown> & (AsyncDisposable | Disposable)]>([
  ['events', () => events(new EventEmitter(), 'x')],
  ['openSignals', () => openSignals('SIGUSR2')],
  ['interval', () => interval(1e9)],
])('%s: next() is cancelled by a deadline, whenever that passes', async (name, open) => {
  const seen = new Set<string>();
  for (let timeout = 1; timeout <= 20; timeout += 1) {
    const scope = new CancelScope({ timeout });
    const outside = new CancelScope({ name });
    await run(
      () =>
        outside.run(async () => {
          const source = open();
          const iterator = source[Symbol.asyncIterator]();
          // The first tick is there at once.
          if (name === 'interval') await iterator.next();
          await scope.run(async () => {
            const { done } = await iterator.next();
            seen.add(done === true ? `ended at ${timeout}` : 'gave an item');
          });
          if (scope.cancelCaught) seen.add('cancelled');
          if (Symbol.dispose in source) source[Symbol.dispose]();
          else await source[Symbol.asyncDispose]();
        }),
      { loop: new LookedAtLoop(), signals: [] },
    );
  }
  expect([...seen]).toEqual(['cancelled']);
});
