'use strict';

const { exercise } = require('./exercise.cjs');
const { exerciseIo } = require('./exercise-io.cjs');

const core = require('@ambit/core');

exercise(core)
  .then(() => exerciseIo(core, require('@ambit/io')))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
