// What the browser runs, bundled: the suite, its results sent back to where the page came from.
import { runAll } from './harness.mjs';
import { matrix } from './matrix/matrix.mjs';
import { memory } from './memory.mjs';
import { smoke } from './smoke.mjs';

const environment = {
  // The page went through unplugin-ambit.
  ambient: true,
  origin: location.origin,
  startUnfollowed: () => new Worker('/unfollowed.js', { type: 'module' }),
  startWorker: () => new Worker('/worker.js', { type: 'module' }),
  askFrame,
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

const results = await runAll({ ...smoke, ...memory, ...matrix }, environment);
await fetch('/results', { method: 'POST', body: JSON.stringify(results) });

/** Has a page without the plugin make one call, in a frame; answers what it sends. */
function askFrame(door, name) {
  const { document } = globalThis;
  const frame = document.createElement('iframe');
  frame.src = `/unfollowed-calls.html#${encodeURIComponent(JSON.stringify([door, name]))}`;
  document.body.append(frame);
  return new Promise((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      frame.remove();
      resolve(data);
    });
  });
}
