// A page that did not go through unplugin-ambit, in a frame of its own: makes one call in each place, and sends the outcomes. It is
// told at most once, so the places that lose nothing come first.
import { begin, cancel, places, takesSignal } from './ask.mjs';
import { calls } from './calls.mjs';
import { pause } from './pauses.mjs';

const ORDER = ['before the first await', 'after an await, with a signal', 'after an await'];
/** In ms: for the call to wait, and to end. */
const [BEGINS, ENDS] = [30, 250];

const [door, name] = JSON.parse(decodeURIComponent(globalThis.location.hash.slice(1)));
const call = calls[door][name];
const warnings = [];
console.warn = (text) => warnings.push(String(text));
globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());

const seen = {};
for (const place of ORDER) {
  if (place.endsWith('signal') && !takesSignal(call)) continue;
  const probe = begin(name, places[place](call));
  await pause(BEGINS);
  const outcome = await cancel(probe, ENDS);
  seen[place] = outcome === 'lost' && isTold() ? 'told' : outcome;
}
globalThis.parent.postMessage({ seen, warnings });

function isTold() {
  return warnings.some((text) => text.startsWith('AmbientScopeWarning: '));
}
