import { sleep, sleepForever } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { untilVisible } from '@ambit/core/web';
import { getPlaces } from '../shared/api.ts';
import type { Places } from '../shared/api.ts';
import { element, part, showError } from './dom.ts';

export async function places(section: HTMLElement): Promise<void> {
  section.insertAdjacentHTML(
    'beforeend',
    `<div class="actions"><button></button><p class="status"></p></div>
     <ul class="rows"></ul>`,
  );
  const button = part(section, 'button');
  const list = part(section, '.rows');
  const poll = async (): Promise<void> => {
    for (;;) {
      await untilVisible();
      list.replaceChildren(...(await getPlaces()).map(rowOf));
      await sleep(500);
    }
  };
  using follow = new Action(poll, {
    onError: (error) => showError(section, error, () => follow.perform()),
  });
  follow.subscribe(() => {
    button.textContent = follow.isRunning ? 'Pause' : 'Resume';
    part(section, '.status').textContent = follow.isRunning ? 'Following.' : 'Paused.';
    list.ariaBusy = String(!follow.isRunning);
  });
  button.onclick = () => (follow.isRunning ? follow.cancel() : follow.perform());
  follow.perform();
  await sleepForever();
}

const rowOf = ({ name, places: left }: Places): Element =>
  element('li', {}, element('span', {}, name), element('b', { class: 'number' }, String(left)));
