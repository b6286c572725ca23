import { moveAbort } from './abort-controller-x.mjs';
import { moveMutex } from './async-mutex.mjs';
import { moveLimit } from './p-limit.mjs';
import { moveMap } from './p-map.mjs';
import { moveQueue } from './p-queue.mjs';
import { moveRetry } from './p-retry.mjs';
import { moveTimeout } from './p-timeout.mjs';
import { moveAll } from './promise-all.mjs';

/** Promise.all comes last: what it puts into functions has been moved before. */
export const rules = {
  'p-limit': ofPackage('p-limit', moveLimit),
  'p-map': ofPackage('p-map', moveMap),
  'p-queue': ofPackage('p-queue', moveQueue),
  'p-timeout': ofPackage('p-timeout', moveTimeout),
  'p-retry': ofPackage('p-retry', moveRetry),
  'async-mutex': ofPackage('async-mutex', moveMutex),
  'abort-controller-x': ofPackage('abort-controller-x', moveAbort),
  'promise-all': { mentions: 'Promise.all', apply: moveAll },
};

function ofPackage(name, apply) {
  return { mentions: name, module: name, apply };
}
