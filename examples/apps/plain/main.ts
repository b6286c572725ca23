import { Action } from '@ambit/core/actions';
import { currentRoute, onRoute, views } from '../shared/route.ts';
import type { View } from '../shared/route.ts';
import { leads } from '../shared/words.ts';
import { basket } from './basket.ts';
import { element, part, showError } from './dom.ts';
import { photo } from './photo.ts';
import { places } from './places.ts';
import { priceList } from './price-list.ts';
import { search } from './search.ts';
import { things } from './things.ts';
import '../shared/server-panel.ts';
import '../shared/style.css';

/** Each runs until the user goes elsewhere; what it has begun ends with it. */
const contents: Record<View, (section: HTMLElement) => Promise<void>> = {
  ...{ search, things, prices: priceList, photo, places, basket },
};

const app = part(document, '#app');
app.innerHTML = `
  <header class="top"><h1>Things to do</h1><span>plain TypeScript</span></header>
  <nav class="views"></nav>
  <main></main>
`;

// Going elsewhere is a call that supersedes the one before.
const go = new Action(open, {
  mode: 'restartable',
  onError: (error) => showError(part(app, '.view'), error, () => go.perform(currentRoute().view)),
});
let here = currentRoute().view;
go.perform(here);
onRoute(() => {
  if (currentRoute().view === here) return;
  here = currentRoute().view;
  go.perform(here);
});

async function open(view: View): Promise<void> {
  const links = Object.entries(views).map(([each, name]) => {
    const isHere = each === view ? 'page' : undefined;
    return element('a', { href: `#/${each}`, 'aria-current': isHere }, name);
  });
  part(app, '.views').replaceChildren(...links);
  const heading = element('h2', {}, views[view]);
  const lead = element('p', { class: 'lead' }, leads[view]);
  const section = element('section', { class: 'view' }, heading, lead);
  part(app, 'main').replaceChildren(section);
  await contents[view](section);
}
