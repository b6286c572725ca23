import { sleepForever } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { getThing, getThings } from '../shared/api.ts';
import type { Named } from '../shared/api.ts';
import { currentRoute, onRoute } from '../shared/route.ts';
import { money } from '../shared/words.ts';
import { element, part, showError } from './dom.ts';

export async function things(section: HTMLElement): Promise<void> {
  section.insertAdjacentHTML('beforeend', '<div class="pair"><ul class="rows"></ul></div>');
  const pair = part(section, '.pair');
  // A newer choice supersedes the one before.
  using choose = new Action((id: number) => showDetail(pair, id), {
    mode: 'restartable',
    onError: (error) => showError(part(pair, '.detail'), error, follow),
  });
  const follow = (): void => {
    const { id } = currentRoute();
    if (id !== undefined) choose.perform(id);
    for (const link of pair.querySelectorAll('a'))
      link.toggleAttribute('aria-current', link.hash === location.hash);
  };
  using _route = following(follow);
  follow();
  part(pair, '.rows').append(...(await getThings()).map(rowOf));
  await sleepForever();
}

async function showDetail(pair: Element, id: number): Promise<void> {
  const detail = element('article', { class: 'detail' });
  pair.querySelector('.detail')?.remove();
  pair.append(detail);
  detail.append(element('p', { class: 'status' }, 'Loading…'));
  try {
    const { name, price, place, minutes, reviews } = await getThing(id);
    detail.append(
      element('h3', {}, name),
      element('p', {}, `${money(price)}, ${minutes} minutes, ${place}`),
      ...reviews.map((review) => element('blockquote', {}, review)),
    );
  } finally {
    part(detail, '.status').remove();
  }
}

function following(listener: () => void): Disposable {
  return { [Symbol.dispose]: onRoute(listener) };
}

const rowOf = ({ id, name }: Named): Element =>
  element('li', {}, element('a', { href: `#/things/${id}` }, name));
