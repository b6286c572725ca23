'use strict';

const { exercise } = require('./exercise.cjs');

exercise(require('@ambit/core')).catch((error) => {
  console.error(error);
  process.exit(1);
});
