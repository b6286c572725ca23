import { CancelScope, formatTaskTree, moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { events, once } from '@ambit/io';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';

const listeners = (emitter: EventEmitter): number =>
  emitter.listenerCount('x') + emitter.listenerCount('error');

async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of source) if (taken.push(item) === count) break;
  return taken;
}

describe('events', () => {
  test('none is lost before the first next(), nor between two', async () => {
    const emitter = new EventEmitter();
    const stream = events<[number, string]>(emitter, 'x');
    emitter.emit('x', 1, 'a');
    expect(await stream.next()).toEqual({ done: false, value: [1, 'a'] });
    emitter.emit('x', 2, 'b');
    emitter.emit('x', 3, 'c');
    expect(await take(stream, 2)).toEqual([
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(listeners(emitter)).toBe(0);
  });

  test('of an EventTarget: the events', async () => {
    const target = new EventTarget();
    const stream = events(target, 'x');
    const event = new Event('x');
    const pending = stream.next();
    target.dispatchEvent(event);
    expect((await pending).value).toBe(event);
    await stream.close();
    target.dispatchEvent(event);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('of a MessagePort, which is a target with `on`: the events', async () => {
    const { port1, port2 } = new MessageChannel();
    const messages = events<Event & { readonly data: string }>(port1, 'message');
    port2.postMessage('a');
    port2.postMessage('b');
    expect((await take(messages, 2)).map(({ data }) => data)).toEqual(['a', 'b']);
    port2.postMessage('c');
    expect(await once(port1, 'message')).toMatchObject({ data: 'c' });
    port1.close();
  });

  test('several may wait; each gets the next one', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x');
    const pending = [stream.next(), stream.next()];
    emitter.emit('x', 1);
    emitter.emit('x', 2);
    expect(await Promise.all(pending)).toMatchObject([{ value: [1] }, { value: [2] }]);
    await stream.close();
  });

  // platform.md 0.5: what a generator cannot
  test('return() ends a next() that waits', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x');
    const pending = [stream.next(), stream.next()];
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await Promise.all(pending)).toMatchObject([{ done: true }, { done: true }]);
    expect(listeners(emitter)).toBe(0);
  });

  test('an event named in `close` ends it, after what came before, and nothing is left listening', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x', { close: ['end', 'close'] });
    const other = events(emitter, 'x', { close: ['end'] });
    emitter.emit('x', 1);
    emitter.emit('end');
    emitter.emit('x', 2);
    expect(await take(stream, 3)).toEqual([[1]]);
    expect(await take(other, 3)).toEqual([[1]]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test('of an EventTarget too; a next() that waits is told', async () => {
    const target = new EventTarget();
    const stream = events(target, 'x', { close: ['close'] });
    const next = stream.next();
    target.dispatchEvent(new Event('close'));
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('`close` is an array of names', () => {
    for (const close of ['close', [1], {}]) {
      expect(() => events(new EventEmitter(), 'x', { close: close as never })).toThrow(
        'events: close is',
      );
    }
  });

  test('drops the oldest or the newest of more than `limit`', async () => {
    const emitter = new EventEmitter();
    const oldest = events(emitter, 'x', { limit: 2 });
    const newest = events(emitter, 'x', { limit: 2, onFull: 'drop-newest' });
    for (let count = 1; count <= 5; count += 1) emitter.emit('x', count);
    expect(await take(oldest, 2)).toEqual([[4], [5]]);
    expect(await take(newest, 2)).toEqual([[1], [2]]);
  });

  test('an error event comes after what came before it, then it is over', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x');
    const boom = new Error('boom');
    emitter.emit('x', 1);
    emitter.emit('error', boom);
    expect(listeners(emitter)).toBe(0);
    expect((await stream.next()).value).toEqual([1]);
    await expect(stream.next()).rejects.toBe(boom);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    const waiting = events(emitter, 'x').next();
    emitter.emit('error', boom);
    await expect(waiting).rejects.toBe(boom);
  });

  test('who asks for the error events gets them as events', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'error');
    emitter.emit('error', 'boom');
    emitter.emit('error', 'bang');
    expect(await take(stream, 2)).toEqual([['boom'], ['bang']]);
    expect(emitter.listenerCount('error')).toBe(0);
  });

  test('a cancelled next() takes nothing and stops nothing; a cancelled loop stops listening', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x');
    expect(await moveOnAfter(1, () => stream.next())).toBeUndefined();
    emitter.emit('x', 1);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await expect(stream.next()).rejects.toBe(scope.reason);
    });
    expect((await stream.next()).value).toEqual([1]);
    expect(listeners(emitter)).toBe(2);
    await moveOnAfter(1, async () => {
      for await (const event of stream) throw new Error(`no event was to come: ${String(event)}`);
    });
    expect(listeners(emitter)).toBe(0);
  });

  test('ends with its signal', async () => {
    const emitter = new EventEmitter();
    const controller = new AbortController();
    const stream = events(emitter, 'x', { signal: controller.signal });
    const pending = expect(stream.next()).rejects.toBe('stop');
    controller.abort('stop');
    await pending;
    expect(listeners(emitter)).toBe(0);
  });

  test('ends with the group around it, and at the end of `await using`', async () => {
    const emitter = new EventEmitter();
    const stream = await taskGroup(async () => events(emitter, 'x'));
    expect(listeners(emitter)).toBe(0);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    {
      await using other = events(emitter, 'x');
      expect(other).toBeDefined();
      expect(listeners(emitter)).toBe(2);
    }
    expect(listeners(emitter)).toBe(0);
  });

  // rule 249
  test('who takes them runs in a context of his own, not in the emitter’s', async () => {
    const storage = new AsyncLocalStorage<string>();
    const emitter = new EventEmitter();
    const seen: (string | undefined)[] = [];
    const loop = storage.run('taker', async () => {
      for await (const event of events(emitter, 'x')) {
        seen.push(storage.getStore());
        if (event[0] === 2) break;
      }
    });
    for (const count of [1, 2]) {
      storage.run('emitter', () => emitter.emit('x', count));
      await sleep(1);
    }
    await loop;
    expect(seen).toEqual(['taker', 'taker']);
  });

  test('an endless backlog lets others run', async () => {
    const emitter = new EventEmitter();
    const stream = events(emitter, 'x');
    let turns = 0;
    setImmediate(() => (turns += 1));
    for (let count = 0; turns === 0 && count < 1_000_000; count += 1) {
      emitter.emit('x');
      await stream.next();
    }
    expect(turns).toBe(1);
    await stream.close();
  });

  test('refuses bad arguments, and listens to nothing then', () => {
    const emitter = new EventEmitter();
    expect(() => events({} as never, 'x')).toThrow('events: emitter is an object');
    expect(() => events(undefined as never, 'x')).toThrow(TypeError);
    expect(() => events(emitter, 3 as never)).toThrow('events: name is 3');
    expect(() => events(emitter, 'x', { limit: 0 })).toThrow(RangeError);
    expect(() => events(emitter, 'x', { onFull: 'drop' as never })).toThrow('onFull');
    expect(() => events(emitter, 'x', { signal: 3 as never })).toThrow('signal');
    expect(listeners(emitter)).toBe(0);
  });
});

describe('once', () => {
  test('resolves with the arguments of an emitter, or the event of a target', async () => {
    const emitter = new EventEmitter();
    const args = once<[number, number]>(emitter, 'x');
    emitter.emit('x', 1, 2);
    emitter.emit('x', 3, 4);
    expect(await args).toEqual([1, 2]);
    const target = new EventTarget();
    const event = once(target, 'y');
    const sent = new Event('y');
    target.dispatchEvent(sent);
    expect(await event).toBe(sent);
    expect(listeners(emitter)).toBe(0);
  });

  test('rejects with the error of an error event that comes first', async () => {
    const emitter = new EventEmitter();
    const boom = new Error('boom');
    const first = once(emitter, 'x');
    emitter.emit('error', boom);
    await expect(first).rejects.toBe(boom);
    const error = once(emitter, 'error');
    emitter.emit('error', boom);
    expect(await error).toEqual([boom]);
    expect(listeners(emitter)).toBe(0);
  });

  test('cancelled while it waits, or before, it leaves no listener', async () => {
    const emitter = new EventEmitter();
    expect(await moveOnAfter(1, () => once(emitter, 'x'))).toBeUndefined();
    await expect(once(emitter, 'x', { signal: AbortSignal.abort('stop') })).rejects.toBe('stop');
    expect(listeners(emitter)).toBe(0);
    await expect(once(3 as never, 'x')).rejects.toThrow('once: emitter is 3');
  });

  test('the task tree says what is waited for', async () => {
    let tree = '';
    await run(async (group) => {
      const emitter = new EventEmitter();
      const waiting = [
        group.spawn(() => once(emitter, 'ready')),
        group.spawn(() => events(emitter, 'more').next()),
      ];
      tree = formatTaskTree();
      for (const task of waiting) task.cancel();
    });
    expect(tree).toContain('the event ready');
    expect(tree).toContain('the next event more');
  });
});
