import { sleepForever, taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import { getBasket, saveCount } from '../shared/api.ts';
import type { BasketItem } from '../shared/api.ts';
import { messageOf } from '../shared/words.ts';
import { element, part } from './dom.ts';

export async function basket(section: HTMLElement): Promise<void> {
  const items = await getBasket();
  // The saves of all rows belong to one group, which ends with the view.
  await taskGroup(async (group) => {
    const rows = items.map((item) => rowOf(item, group));
    section.append(element('ul', { class: 'rows' }, ...rows));
    await sleepForever();
  });
}

function rowOf({ id, name, count }: BasketItem, group: TaskGroup): Element {
  const row = element('li', {});
  row.innerHTML = `<span></span> <span class="status"></span> <button class="undo">Undo</button>
    <button aria-label="Less">−</button> <b class="number"></b> <button aria-label="More">+</button>`;
  const [undo, less, more] = row.querySelectorAll('button') as unknown as HTMLButtonElement[];
  let [saved, wanted, error] = [count, count, ''];
  const save = new Action(async (wish: number) => (saved = await saveCount(id, wish)), {
    ...{ mode: 'keepLatest', group },
    onError: (failure) => (error = messageOf(failure)),
  });
  // What is not being saved is what was saved: nothing has to be taken back.
  const shown = (): number => (save.isRunning ? wanted : saved);
  const show = (): void => {
    part(row, '.status').textContent = save.isRunning ? 'Saving…' : error;
    part(row, '.number').textContent = String(shown());
    if (undo !== undefined) undo.hidden = !save.isRunning;
    if (less !== undefined) less.disabled = shown() === 0;
  };
  const want = (wish: number): void => {
    error = '';
    wanted = wish;
    save.perform(wish);
  };
  part(row, 'span').textContent = name;
  undo?.addEventListener('click', () => save.cancel());
  less?.addEventListener('click', () => want(shown() - 1));
  more?.addEventListener('click', () => want(shown() + 1));
  save.subscribe(show);
  show();
  return row;
}
