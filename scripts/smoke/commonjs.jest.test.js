'use strict';

const { exercise } = require('./exercise.cjs');
const { exerciseIo } = require('./exercise-io.cjs');

// Jest cannot require ES modules: it gets dist/cjs.
test('a CommonJS Jest uses the package', async () => {
  expect(require.resolve('@ambit/core')).toMatch(/dist.cjs.index\.js$/);
  await exercise(require('@ambit/core'));
});

// The threads run the ES module beside it.
test('a CommonJS Jest uses sockets, processes and threads', async () => {
  expect(require.resolve('@ambit/io')).toMatch(/dist.cjs.index\.js$/);
  await exerciseIo(require('@ambit/core'), require('@ambit/io'));
});

test.each(['core/lowlevel', 'core/testing', 'core/abort', 'core/iter', 'sync'])(
  'a CommonJS Jest loads the door %s',
  (door) => {
    expect(Object.keys(require(`@ambit/${door}`))).not.toEqual([]);
  },
);
