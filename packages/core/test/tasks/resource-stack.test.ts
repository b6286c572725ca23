import {
  defineResource,
  moveOnAfter,
  ResourceStack,
  sleep,
  sleepForever,
  suppressedErrors,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// rule 278
test('releases last first, whatever way it was given', () =>
  testRun(async () => {
    const log: string[] = [];
    const resource = defineResource(async function* () {
      yield 'entered';
      log.push('entered');
    });
    {
      await using stack = new ResourceStack();
      const used = { [Symbol.dispose]: () => void log.push('used') };
      const asyncUsed = {
        [Symbol.asyncDispose]: async () => {
          await sleep(1);
          log.push('async used');
        },
        [Symbol.dispose]: () => void log.push('not this one'),
      };
      expect(stack.use(used)).toBe(used);
      expect(stack.use(asyncUsed)).toBe(asyncUsed);
      expect(stack.adopt('adopted', (value) => void log.push(value))).toBe('adopted');
      stack.defer(() => log.push('deferred'));
      expect(await stack.enter(resource())).toBe('entered');
      expect(log).toEqual([]);
    }
    expect(log).toEqual(['entered', 'deferred', 'adopted', 'async used', 'used']);
  }));

test('passes null and undefined through', () =>
  testRun(async () => {
    await using stack = new ResourceStack();
    expect(stack.use(null)).toBeNull();
    stack.use(undefined);
  }));

test('disposes by the method that was there when the value was given', () =>
  testRun(async () => {
    const log: string[] = [];
    const value = { [Symbol.dispose]: () => void log.push('first') };
    {
      await using stack = new ResourceStack();
      stack.use(value);
      value[Symbol.dispose] = () => void log.push('swapped');
    }
    expect(log).toEqual(['first']);
  }));

// rule 278
test('runs every step even if one fails; the first error comes out with the later ones', () =>
  testRun(async () => {
    const log: string[] = [];
    const errors = [new Error('first'), new Error('second')];
    const stack = new ResourceStack();
    stack.defer(() => log.push('last step'));
    stack.defer(() => Promise.reject(errors[1]));
    stack.defer(() => {
      throw errors[0];
    });
    await expect(stack[Symbol.asyncDispose]()).rejects.toBe(errors[0]);
    expect(suppressedErrors(errors[0])).toEqual([errors[1]]);
    expect(log).toEqual(['last step']);
  }));

// rule 278
test('releases in peace where everything is cancelled', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    await moveOnAfter(5, async () => {
      await using stack = new ResourceStack();
      stack.defer(async () => {
        await sleep(10);
        log.push('released');
      });
      await sleepForever();
    });
    expect(log).toEqual(['released']);
    expect(loop.now()).toBe(15);
  }));

test('is disposed once; then it takes nothing more', () =>
  testRun(async () => {
    const log: string[] = [];
    const stack = new ResourceStack();
    stack.defer(() => log.push('released'));
    expect(stack.disposed).toBe(false);
    await stack.disposeAsync();
    expect(stack.disposed).toBe(true);
    await stack.disposeAsync();
    expect(log).toEqual(['released']);
    expect(() => stack.use(null)).toThrow(ReferenceError);
    expect(() => stack.adopt(1, () => undefined)).toThrow('this ResourceStack is disposed');
    expect(() => stack.defer(() => undefined)).toThrow(ReferenceError);
    expect(() => stack.move()).toThrow(ReferenceError);
    const resource = defineResource(async function* () {
      log.push('opened');
      yield 1;
    });
    await expect(stack.enter(resource())).rejects.toThrow(ReferenceError);
    expect(log).toEqual(['released']);
  }));

test('a resource that is open only after the stack was disposed is closed at once', () =>
  testRun(async () => {
    const log: string[] = [];
    const slow = defineResource(async function* () {
      await sleep(10);
      log.push('open');
      yield 1;
      log.push('closed');
    });
    const stack = new ResourceStack();
    const entering = stack.enter(slow());
    await stack.disposeAsync();
    await expect(entering).rejects.toThrow(ReferenceError);
    expect(log).toEqual(['open', 'closed']);
  }));

test('move() hands everything over to a new stack', () =>
  testRun(async () => {
    const log: string[] = [];
    const stack = new ResourceStack();
    stack.defer(() => log.push('released'));
    const moved = stack.move();
    expect([stack.disposed, moved.disposed]).toEqual([true, false]);
    await stack.disposeAsync();
    expect(log).toEqual([]);
    await moved.disposeAsync();
    expect(log).toEqual(['released']);
  }));

test('keeps what was set up if a later step of the setting up fails', () =>
  testRun(async () => {
    const log: string[] = [];
    const failure = new Error('refused');
    const setUp = async () => {
      await using stack = new ResourceStack();
      stack.defer(() => log.push('released'));
      await sleep(1);
      if (log.length === 0) throw failure;
      return stack.move();
    };
    await expect(setUp()).rejects.toBe(failure);
    expect(log).toEqual(['released']);
  }));

test.each([false, '', 0, -0, 0n, NaN, true, 'text', 1, Symbol('s')])(
  'use() refuses %p, which is no object',
  (value) => {
    expect(() => new ResourceStack().use(value as never)).toThrow(TypeError);
  },
);

test('use() passes null and undefined through, and takes a function that can be disposed of', async () => {
  const stack = new ResourceStack();
  const passed: readonly unknown[] = [null, undefined].map((value) => stack.use(value));
  expect(passed).toEqual([null, undefined]);
  const log: string[] = [];
  stack.use(
    Object.assign(() => 0, {
      [Symbol.dispose]: () => {
        log.push('disposed');
      },
    }),
  );
  await stack.disposeAsync();
  expect(log).toEqual(['disposed']);
});

test('[Symbol.asyncDispose] is disposeAsync, as that of the standard', () => {
  const { prototype } = ResourceStack;
  expect(Reflect.get(prototype, Symbol.asyncDispose)).toBe(Reflect.get(prototype, 'disposeAsync'));
});
