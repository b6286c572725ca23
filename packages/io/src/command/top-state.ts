import type { Report } from '../inspect/vital-signs.ts';
import { History } from './history.ts';
import type { Key } from './keys.ts';
import { ORDERS } from './rows.ts';
import type { Order } from './rows.ts';
import type { View } from './screen.ts';

/** What to do about a key, apart from drawing. */
export type Effect = 'quit' | 'suspend' | 'draw';

/** After how many milliseconds without a report the program is said not to answer. */
const PATIENCE = 2500;

/** What the user of `ambit top` sees and has chosen. It knows no terminal and no clock. */
export class TopState {
  readonly #every: number;
  readonly #history = new History();
  #newest: { readonly report: Report; readonly at: number } | undefined;
  #shown: { readonly report: Report; readonly at: number } | undefined;
  #heard = 0;
  #isFrozen = false;
  #order: Order = 'urgency';
  #filter = '';
  #isTyping = false;
  #scroll = 0;

  /** `every`: milliseconds between two reports. */
  constructor(every: number) {
    this.#every = every;
  }

  take(report: Report, at: number): void {
    this.#heard = at;
    this.#newest = { report, at };
    if (!this.#isFrozen) this.#show();
  }

  /** Undefined before the first report. */
  view(now: number): View | undefined {
    if (this.#shown === undefined) return undefined;
    const { report, at } = this.#shown;
    const silentFor = now - this.#heard;
    return {
      report,
      history: this.#history,
      order: this.#order,
      filter: this.#filter,
      isTyping: this.#isTyping,
      scroll: this.#scroll,
      frozenFor: this.#isFrozen ? now - at : undefined,
      silentFor: silentFor > this.#every + PATIENCE ? silentFor : undefined,
    };
  }

  /** `page`: how many rows there are on the screen; `last`: how far they can be scrolled. */
  press(key: Key, { page, last }: { readonly page: number; readonly last: number }): Effect {
    if (key === 'interrupt') return 'quit';
    if (key === 'suspend') return 'suspend';
    if (this.#isTyping) this.#type(key);
    else if (typeof key === 'object') return this.#command(key.text);
    else if (key === 'escape') this.#filter = '';
    else this.#move(key, { page, last });
    return 'draw';
  }

  #command(letter: string): Effect {
    if (letter === 'q') return 'quit';
    if (letter === ' ' || letter === 'f') this.#freeze();
    else if (letter === 's') this.#order = nextAfter(this.#order);
    else if (letter === '/') this.#isTyping = true;
    else if (letter === 'j') this.#scroll += 1;
    else if (letter === 'k') this.#scroll = Math.max(this.#scroll - 1, 0);
    return 'draw';
  }

  #freeze(): void {
    this.#isFrozen = !this.#isFrozen;
    if (!this.#isFrozen) this.#show();
  }

  #show(): void {
    if (this.#newest === undefined || this.#newest === this.#shown) return;
    this.#shown = this.#newest;
    this.#history.add(this.#shown.report);
  }

  #type(key: Key): void {
    if (typeof key === 'object') this.#filter += key.text;
    else if (key === 'backspace') this.#filter = this.#filter.replace(/.$/su, '');
    else if (key === 'enter') this.#isTyping = false;
    else if (key === 'escape') {
      this.#isTyping = false;
      this.#filter = '';
    }
    this.#scroll = 0;
  }

  #move(key: Key, { page, last }: { readonly page: number; readonly last: number }): void {
    const from = Math.min(this.#scroll, last);
    const places: Partial<Record<Exclude<Key, object>, number>> = {
      up: from - 1,
      down: from + 1,
      'page-up': from - page,
      'page-down': from + page,
      home: 0,
      end: last,
    };
    const to = typeof key === 'object' ? undefined : places[key];
    this.#scroll = Math.min(Math.max(to ?? from, 0), last);
  }
}

function nextAfter(order: Order): Order {
  return ORDERS[(ORDERS.indexOf(order) + 1) % ORDERS.length] ?? order;
}
