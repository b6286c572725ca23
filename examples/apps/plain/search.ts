import { sleepForever } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { findThings } from '../shared/api.ts';
import type { Named } from '../shared/api.ts';
import { foundText } from '../shared/words.ts';
import { element, part, showError } from './dom.ts';

export async function search(section: HTMLElement): Promise<void> {
  section.insertAdjacentHTML(
    'beforeend',
    '<input type="search" aria-label="Search"><p class="status"></p><ul class="rows"></ul>',
  );
  const input = part(section, 'input');
  const list = part(section, '.rows');
  let found: Named[] | undefined;
  using find = new Action(async (text: string) => (found = await findThings(text)), {
    ...{ mode: 'restartable', delay: 250 },
    onError: (error) => showError(section, error, () => find.perform(input.value)),
  });
  const show = (): void => {
    part(section, '.status').textContent = find.isRunning ? 'Searching…' : foundText(found);
    list.ariaBusy = String(find.isRunning);
    list.replaceChildren(...(found ?? []).map(rowOf));
  };
  find.subscribe(show);
  show();
  input.oninput = () => find.perform(input.value);
  await sleepForever();
}

const rowOf = ({ id, name }: Named): Element =>
  element('li', {}, element('a', { href: `#/things/${id}` }, name));
