'use strict';

const assert = require('node:assert/strict');

/** A first use of the test kit, in any test runner, with fake timers or without. */
exports.kit = async ({ sleep, timeout, sleepForever }, { permute, settle, testRun }) => {
  const begin = process.hrtime.bigint();
  const end = await testRun(async (group, loop) => {
    const task = group.spawn(() => sleep(3_600_000, { value: 'an hour later' }));
    await settle();
    assert.equal(await task, 'an hour later');
    await assert.rejects(
      timeout(1000, () => sleepForever()),
      { name: 'TimeoutError' },
    );
    return loop.now();
  });
  assert.equal(end, 3_601_000);
  await permute((group) => void group.spawn(() => sleep(10)), { runs: 3 });
  assert.ok(process.hrtime.bigint() - begin < 10n ** 10n);
};

/** The host's loop under a runner's fake timers. */
exports.fakeTimers = async ({ checkpoint, sleep }, fakes) => {
  const before = sleep(30);
  fakes.install();
  const faked = sleep(60_000).then(() => checkpoint());
  fakes.advance(60_000);
  await faked;
  const left = sleep(1000);
  fakes.advance(990);
  fakes.uninstall();
  await sleep(5);
  await Promise.all([before, left]);
};
