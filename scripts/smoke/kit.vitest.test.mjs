import * as core from '@ambit/core';
import * as testing from '@ambit/core/testing';
import { afterEach, test, vi } from 'vitest';
import kits from './kit.cjs';

afterEach(() => vi.useRealTimers());

test('the test kit under vitest', () => kits.kit(core, testing));

test('the test kit under vitest’s fake timers', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance', 'queueMicrotask'] });
  return kits.kit(core, testing);
});

test('the host’s loop under vitest’s fake timers', () =>
  kits.fakeTimers(core, {
    install: () => vi.useFakeTimers(),
    advance: (ms) => vi.advanceTimersByTime(ms),
    uninstall: () => vi.useRealTimers(),
  }));
