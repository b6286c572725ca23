import * as core from '@ambit/core';
import * as io from '@ambit/io';
import exercises from './exercise.cjs';
import exercisesOfIo from './exercise-io.cjs';

await exercises.exercise(core);
await exercisesOfIo.exerciseIo(core, io);
