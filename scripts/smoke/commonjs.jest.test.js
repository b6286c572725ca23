'use strict';

const { exercise } = require('./exercise.cjs');

// Jest cannot require ES modules: it gets dist/cjs.
test('a CommonJS Jest uses the package', async () => {
  expect(require.resolve('@ambit/core')).toMatch(/dist.cjs.index\.js$/);
  await exercise(require('@ambit/core'));
});

test.each(['lowlevel', 'testing'])('a CommonJS Jest loads the door %s', (door) => {
  expect(Object.keys(require(`@ambit/core/${door}`))).not.toEqual([]);
});
