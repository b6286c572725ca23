import * as core from '@ambit/core';
import * as testing from '@ambit/core/testing';
import { test } from 'node:test';
import kits from './kit.cjs';

test('the test kit under node:test', () => kits.kit(core, testing));

// Node's mock leaves `performance.now()` alone: the host's loop does not move with it, virtual time does not mind.
test('the test kit under node:test’s mock timers', async (t) => {
  t.mock.timers.enable();
  await kits.kit(core, testing);
  t.mock.timers.reset();
  await core.sleep(5);
});
