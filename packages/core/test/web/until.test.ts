import { CancelScope, InvalidStateError, isCancelled } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { untilOnline, untilVisible } from '../../src/web.ts';

/** An EventTarget that counts its listeners. */
class Target extends EventTarget {
  listeners = 0;
  visibilityState = 'hidden';
  readonly navigator = { onLine: false };

  override addEventListener(type: string, listener: () => void): void {
    this.listeners += 1;
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: string, listener: () => void): void {
    this.listeners -= 1;
    super.removeEventListener(type, listener);
  }
}

let page: Target;
let restore: (() => void)[];

function provide(name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  restore.push(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, before);
  });
}

beforeEach(() => {
  page = new Target();
  restore = [];
  provide('document', page);
  provide('navigator', page.navigator);
  provide('addEventListener', page.addEventListener.bind(page));
  provide('removeEventListener', page.removeEventListener.bind(page));
});

afterEach(() => restore.forEach((undo) => undo()));

const conditions = [
  {
    name: 'untilVisible',
    until: untilVisible,
    event: 'visibilitychange',
    set: (holds: boolean) => (page.visibilityState = holds ? 'visible' : 'hidden'),
  },
  {
    name: 'untilOnline',
    until: untilOnline,
    event: 'online',
    set: (holds: boolean) => (page.navigator.onLine = holds),
  },
];

describe.each(conditions)('$name', ({ name, until, event, set }) => {
  test('resolves at once if the condition holds, without a listener', async () => {
    set(true);
    await expect(until()).resolves.toBeUndefined();
    expect(page.listeners).toBe(0);
  });

  test('waits for the event that comes with the condition', () =>
    testRun(async (group) => {
      const waiting = group.spawn(() => until());
      page.dispatchEvent(new Event(event));
      await settle();
      expect([waiting.done, page.listeners]).toEqual([false, 1]);
      set(true);
      page.dispatchEvent(new Event(event));
      await waiting;
      expect(page.listeners).toBe(0);
    }));

  test('is cancelled by the scope around it, and by its signal', () =>
    testRun(async (group) => {
      const waiting = group.spawn(() => until());
      waiting.cancel();
      expect(isCancelled(await waiting.catch((error: unknown) => error))).toBe(true);
      await settle();
      expect(page.listeners).toBe(0);

      const controller = new AbortController();
      const given = until({ signal: controller.signal });
      expect(page.listeners).toBe(1);
      controller.abort(new Error('enough'));
      await expect(given).rejects.toThrow('enough');
      expect(page.listeners).toBe(0);
    }));

  test('in a cancelled scope it throws even where the condition holds', async () => {
    set(true);
    const scope = new CancelScope();
    scope.cancel();
    await expect(scope.run(() => until())).resolves.toBeUndefined();
    expect(scope.cancelCaught).toBe(true);
    await expect(until({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
    expect(page.listeners).toBe(0);
  });

  test('says so where there is no such platform, and for bad options', async () => {
    await expect(until({ signal: 1 } as never)).rejects.toThrow(`${name}: signal is 1`);
    await expect(until(1 as never)).rejects.toThrow(TypeError);
    provide('document', undefined);
    provide('navigator', {});
    const error = await until().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidStateError);
    expect((error as Error).message).toMatch(`${name}: there is no`);
  });
});
