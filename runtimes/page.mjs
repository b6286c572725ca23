// What the browser runs, bundled: the suite, its results sent back to where the page came from.
import { runAll } from './harness.mjs';
import { memory } from './memory.mjs';
import { smoke } from './smoke.mjs';

const environment = {
  // The page went through unplugin-ambit.
  ambient: true,
  origin: location.origin,
  startUnfollowed: () => new Worker('/unfollowed.js', { type: 'module' }),
  startWorker: () => new Worker('/worker.js', { type: 'module' }),
  collect: globalThis.gc,
  heapUsed: () => performance.memory.usedJSHeapSize,
  onUnhandled: (listener) => {
    const listen = (event) => {
      event.preventDefault();
      listener(event.reason);
    };
    addEventListener('unhandledrejection', listen);
    return () => removeEventListener('unhandledrejection', listen);
  },
};

const results = await runAll({ ...smoke, ...memory }, environment);
await fetch('/results', { method: 'POST', body: JSON.stringify(results) });
