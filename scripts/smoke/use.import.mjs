import { currentScope, sleep, taskGroup } from '@ambit/core';
import exercises from './exercise.cjs';

await exercises.exercise({ currentScope, sleep, taskGroup });
