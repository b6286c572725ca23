import { test } from 'vitest';
import { ambient } from '@ambit/core/testing/vitest';
import { cases } from './runner-cases.mjs';

cases(test, ambient, (name, timeout, fn) => test(name, fn, timeout));
