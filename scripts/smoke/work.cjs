'use strict';

const { isMainThread } = require('node:worker_threads');
const { sleepForever } = require('@ambit/core');
const { workerScope } = require('@ambit/io');

/** What exercise-io.cjs has done in a thread. */
exports.sum = (...numbers) => {
  workerScope().throwIfCancelled();
  if (isMainThread) throw new Error('not in a thread of its own');
  return numbers.reduce((sum, number) => sum + number, 0);
};

/** Ends by being cancelled, and says that its cleanup ran. */
exports.untilCancelled = async (seen) => {
  try {
    await sleepForever();
  } finally {
    Atomics.store(seen, 0, 1);
  }
};
