import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CancelScope, moveOnAfter, sleep, sleepForever } from '@ambit/core';
import { abortable, anySignal, onAbort } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';

/** A signal whose first listener stops the event from going on to the others. */
function stopped(): AbortController {
  const controller = new AbortController();
  controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
  return controller;
}

describe('a signal is heard although another listener stops the event:', () => {
  const ways: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    sleep: (signal) => sleep(1000, { signal }),
    'a scope': (signal) => new CancelScope({ signal }).run(() => sleepForever()),
    abortable: (signal) => abortable(new Promise(() => undefined), { signal }),
    anySignal: (signal) => sleepForever({ signal: anySignal(signal).signal }),
    onAbort: (signal) => new Promise<void>((resolve) => onAbort(signal, () => resolve())),
  };
  test.each(Object.entries(ways))('%s', (_name, wait) =>
    testRun(async () => {
      const controller = stopped();
      const waiting = wait(controller.signal).then(
        () => 'ended',
        () => 'ended',
      );
      controller.abort();
      expect(await waiting).toBe('ended');
    }),
  );

  test('also that of a scope', () =>
    testRun(async () => {
      using scope = new CancelScope();
      scope.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
      const waiting = sleepForever({ signal: scope.signal }).catch((error: unknown) => error);
      scope.cancel();
      expect(await waiting).toBe(scope.reason);
    }));
});

describe('in an environment with an AbortController of its own', () => {
  class Signal {
    aborted = false;
    reason: unknown;
    readonly #listeners = new Set<() => void>();
    addEventListener(_type: string, listener: () => void): void {
      this.#listeners.add(listener);
    }
    removeEventListener(_type: string, listener: () => void): void {
      this.#listeners.delete(listener);
    }
    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      for (const listener of [...this.#listeners]) listener();
    }
    get size(): number {
      return this.#listeners.size;
    }
  }
  class Controller {
    readonly signal = new Signal();
    abort(reason: unknown): void {
      this.signal.abort(reason);
    }
  }
  const original = globalThis.AbortController;
  beforeEach(() => {
    globalThis.AbortController = Controller as unknown as typeof AbortController;
  });
  afterEach(() => {
    globalThis.AbortController = original;
  });

  test('the signals of scopes are of that', () =>
    testRun(async () => {
      const heard: unknown[] = [];
      await moveOnAfter(5, (scope) => {
        expect(scope.signal).toBeInstanceOf(Signal);
        scope.signal.addEventListener('abort', () => heard.push(scope.signal.reason));
        return sleepForever();
      });
      expect(heard).toMatchObject([{ source: 'deadline' }]);
    }));

  test('its signals are heard, and no listener is left on them', () =>
    testRun(async () => {
      const { signal } = new Controller();
      const given = signal as unknown as AbortSignal;
      await sleep(1, { signal: given });
      expect(signal.size).toBe(0);
      const waiting = sleepForever({ signal: given }).catch((error: unknown) => error);
      signal.abort('why');
      expect([await waiting, signal.size]).toEqual(['why', 0]);
    }));
});

// What test runners that look for leaks report.
test('importing leaves no promise and no async resource behind', async () => {
  const source = `
    import { createHook } from 'node:async_hooks';
    const alive = new Map();
    const kinds = /^(PROMISE|Timeout|bound.*|AsyncResource)$/;
    const note = (id, type) => {
      const ours = new Error().stack.split('\\n').find((line) => /packages.(core|sync|io).dist/.test(line));
      if (kinds.test(type) && ours) alive.set(id, type + ours);
    };
    const forget = (id) => alive.delete(id);
    const hook = createHook({ init: note, promiseResolve: forget, destroy: forget }).enable();
    for (const door of ['', '/lowlevel', '/abort', '/iter', '/testing']) await import('@ambit/core' + door);
    await new Promise(setImmediate);
    hook.disable();
    for (const each of alive.values()) console.log(each);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', source],
    { cwd: __dirname },
  );
  expect(stdout).toBe('');
});
