import { abortControllerX } from './abort-controller-x.mjs';
import { abortSignal } from './abort-signal.mjs';
import { ambit } from './ambit.mjs';
import { effect } from './effect.mjs';
import { effection } from './effection.mjs';
import { promises } from './promises.mjs';

export const contenders = [ambit, effect, effection, abortControllerX, promises, abortSignal];
