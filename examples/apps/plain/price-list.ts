import { sleepForever } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { getThings } from '../shared/api.ts';
import type { Named } from '../shared/api.ts';
import { loadPrices } from '../shared/prices.ts';
import type { Price } from '../shared/prices.ts';
import { priceText } from '../shared/words.ts';
import { element, part } from './dom.ts';

export async function priceList(section: HTMLElement): Promise<void> {
  section.insertAdjacentHTML(
    'beforeend',
    `<div class="actions">
       <button class="main">Load prices</button>
       <button class="stop" disabled>Stop</button>
     </div>
     <ul class="tiles"></ul>`,
  );
  const start = part(section, 'button.main');
  const stop = part(section, 'button.stop');
  const tiles = new Map((await getThings()).map((thing) => [thing.id, tileOf(thing)]));
  part(section, '.tiles').append(...tiles.values());
  using load = new Action(() => {
    for (const tile of tiles.values()) showPrice(tile, { state: 'waiting' });
    return loadPrices([...tiles.keys()], (id, price) => showPrice(tiles.get(id), price));
  });
  load.subscribe(() => {
    start.disabled = load.isRunning;
    stop.disabled = !load.isRunning;
  });
  start.onclick = () => load.perform();
  stop.onclick = () => load.cancel();
  await sleepForever();
}

const tileOf = ({ name }: Named): HTMLElement =>
  element('li', {}, element('b', {}, name), element('span', {}, priceText(undefined)));

function showPrice(tile: HTMLElement | undefined, price: Price): void {
  if (tile === undefined) return;
  tile.dataset.state = price.state;
  part(tile, 'span').textContent = priceText(price);
}
