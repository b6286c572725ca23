'use strict';

const core = require('@ambit/core');
const testing = require('@ambit/core/testing');
const { fakeTimers, kit } = require('./kit.cjs');

afterEach(() => jest.useRealTimers());

test('the test kit under jest', () => kit(core, testing));

test('the test kit under jest’s fake timers', () => {
  jest.useFakeTimers();
  return kit(core, testing);
});

test('the host’s loop under jest’s fake timers', () =>
  fakeTimers(core, {
    install: () => jest.useFakeTimers(),
    advance: (ms) => jest.advanceTimersByTime(ms),
    uninstall: () => jest.useRealTimers(),
  }));
