import { getRunningLoop, run } from '@ambit/core';
import type { EventLoop, Handle } from '@ambit/core';
import { currentLoop } from '@ambit/core/lowlevel';
import { VirtualLoop } from '@ambit/core/testing';

const hostLoop = getRunningLoop();

test('the running loop is that of the run(), outside of any the host’s', async () => {
  const loop = new VirtualLoop();
  await run(
    async () => {
      expect(getRunningLoop()).toBe(loop);
      await Promise.resolve();
      expect(currentLoop()).toBe(loop);
    },
    { loop, signals: [] },
  );
  expect(getRunningLoop()).toBe(hostLoop);
  expect(currentLoop()).toBe(hostLoop);
});

describe.each<[string, () => EventLoop]>([
  ['the host loop', () => hostLoop],
  ['a virtual loop', () => new VirtualLoop()],
])('%s', (_name, make) => {
  let loop: EventLoop;
  beforeEach(() => {
    loop = make();
  });

  const passed = (ms: number) => new Promise<void>((resolve) => loop.callLater(ms, resolve));

  test('calls soon before anything else, next before timers that are not due', async () => {
    const log: string[] = [];
    loop.callLater(20, () => log.push('later'));
    loop.callNext(() => log.push('next'));
    loop.callSoon(() => log.push('soon'));
    log.push('now');
    await passed(20);
    expect(log).toEqual(['now', 'soon', 'next', 'later']);
  });

  test('calls in the order of the instants', async () => {
    const log: string[] = [];
    const start = loop.now();
    loop.callAt(start + 10, () => log.push('second'));
    loop.callAt(start + 5, () => log.push('first'));
    await passed(20);
    expect(log).toEqual(['first', 'second']);
  });

  test('is never early', async () => {
    const start = loop.now();
    for (const ms of [0.3, 1.1, 2.7]) {
      const due = loop.now() + ms;
      await passed(ms);
      expect(loop.now()).toBeGreaterThanOrEqual(due);
    }
    expect(loop.now() - start).toBeGreaterThanOrEqual(4);
  });

  test('takes callbacks back', async () => {
    const log: string[] = [];
    const handles: Handle[] = [
      loop.callNext(() => log.push('next')),
      loop.callLater(1, () => log.push('later')),
      loop.callAt(loop.now() + 1, () => log.push('at')),
    ];
    for (const handle of handles) handle.cancel();
    await passed(5);
    expect(log).toEqual([]);
    for (const handle of handles) handle.cancel();
  });

  test('tells when a callback is due', () => {
    const start = loop.now();
    const handles = [loop.callLater(1000, () => undefined), loop.callAt(5, () => undefined)];
    expect(handles[0]?.when).toBeGreaterThanOrEqual(start + 1000);
    expect(handles[1]?.when).toBe(5);
    for (const handle of handles) handle.cancel();
  });

  test('takes a negative time as none, and infinity as never', async () => {
    const log: string[] = [];
    const never = loop.callLater(Infinity, () => log.push('never'));
    expect(never.when).toBe(Infinity);
    loop.callLater(-5, () => log.push('at once'));
    loop.callAt(-Infinity, () => log.push('at once'));
    await passed(5);
    expect(log).toEqual(['at once', 'at once']);
    never.cancel();
  });

  test('refuses NaN and what is no function', () => {
    expect(() => loop.callLater(NaN, () => undefined)).toThrow(RangeError);
    expect(() => loop.callAt(NaN, () => undefined)).toThrow('callAt: instant is NaN');
    const none = 5 as unknown as () => void;
    expect(() => loop.callSoon(none)).toThrow('callSoon: callback is 5, not a function');
    expect(() => loop.callNext(none)).toThrow(TypeError);
    expect(() => loop.callLater(1, none)).toThrow(TypeError);
    expect(() => loop.callAt(1, none)).toThrow(TypeError);
  });
});

test('a delay that the host’s timers cannot hold is held all the same', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const log: string[] = [];
  const handle = hostLoop.callLater(2 ** 31 + 1000, () => log.push('early'));
  await new Promise<void>((resolve) => hostLoop.callLater(10, resolve));
  handle.cancel();
  expect(log).toEqual([]);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

// The host's timers give no such promise: one that fires early by the loop's clock is armed anew.
test('a virtual loop calls for the same instant in the order of the calls', async () => {
  const loop = new VirtualLoop();
  const log: string[] = [];
  for (const name of ['first', 'second', 'third']) loop.callAt(10, () => log.push(name));
  await new Promise<void>((resolve) => loop.callAt(11, resolve));
  expect(log).toEqual(['first', 'second', 'third']);
});
