// What the server saw, beside each app: how many requests have begun, and their outcomes.
import { Action } from '@ambit/core/actions';
import type { Counts } from './server/counts.ts';

const panel = document.querySelector('#server');
if (panel === null) throw new Error('the page has no #server');
panel.innerHTML = `
  <h2>What the server saw</h2>
  <table>
    <thead><tr><th></th><th>begun</th><th>done</th><th>failed</th><th>aborted</th></tr></thead>
    <tbody><tr><td colspan="5">no requests yet</td></tr></tbody>
  </table>
  <label>Slowness <input type="range" name="slowness" min="0" max="5" step="0.5" value="1"></label>
  <label><input type="checkbox" name="closed"> Refuse everything</label>
  <p>
    <a href="../react/">React</a> <a href="../vue/">Vue</a>
    <a href="../svelte/">Svelte</a> <a href="../plain/">plain TypeScript</a>
  </p>
`;

const rows = panel.querySelector('tbody');
const slowness = panel.querySelector<HTMLInputElement>('[name=slowness]');
const closed = panel.querySelector<HTMLInputElement>('[name=closed]');

// A page that the browser keeps for its Back button keeps its connection too, of which there are six.
let source: EventSource | undefined;
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', () => {
  source = new EventSource('/api/requests');
  source.onmessage = ({ data }: MessageEvent<string>) => {
    const counts = Object.entries(JSON.parse(data) as Counts);
    if (counts.length > 0) rows?.replaceChildren(...counts.map(rowOf));
  };
});

function rowOf([part, { begun, finished, failed, aborted }]: [string, Counts[string]]): Element {
  const row = document.createElement('tr');
  const isOpen = begun > finished + failed + aborted;
  row.className = isOpen ? 'open' : '';
  for (const text of [part, begun, finished, failed, aborted])
    row.insertCell().textContent = String(text);
  return row;
}

const change = new Action(
  () => {
    const settings = { slowness: Number(slowness?.value), isClosed: closed?.checked };
    return fetch('/api/settings', { method: 'POST', body: JSON.stringify(settings) });
  },
  { mode: 'keepLatest' },
);
panel.addEventListener('change', () => {
  change.perform();
});
