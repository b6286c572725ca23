import { strict as assert } from 'node:assert';
import type { Page } from 'puppeteer-core';
import { sleep, timeout } from '@ambit/core';
import type { Part, Shop } from '../server/shop.ts';

/** Milliseconds in which a page has done what it is going to do, on a busy machine too. */
const LONG = 20_000;

const quote = JSON.stringify;

/** A visitor of the shop: uses an app in a browser, while its server counts. */
export class Visitor {
  readonly page: Page;
  readonly shop: Shop;
  readonly #url: string;

  /** `url`: of the app, with a slash at the end. */
  constructor(page: Page, shop: Shop, url: string) {
    this.page = page;
    this.shop = shop;
    this.#url = url;
  }

  /** Opens the app at one of its views. */
  async open(view: string): Promise<void> {
    await this.page.goto(`${this.#url}#/${view}`);
    await this.sees('.views [aria-current=page]', /./);
  }

  /** Leaves for another view by the app's own link: what the last view was doing is aborted, all of it. */
  async leave(): Promise<void> {
    // To one that asks for nothing.
    const to = this.page.url().endsWith('#/search') ? 'Photo' : 'Search';
    await this.clicks('.views a', to);
    await this.sees('.views [aria-current=page]', to);
    await this.until('nothing is open', () =>
      Object.keys(this.shop.requests.counts).every((part) => this.shop.requests.openIn(part) === 0),
    );
  }

  /** Waits until the text of an element is so. */
  async sees(selector: string, text: RegExp | string): Promise<void> {
    const test = typeof text === 'string' ? `=== ${quote(text)}` : `.match(${String(text)})`;
    await this.holds(`document.querySelector(${quote(selector)})?.textContent.trim() ${test}`);
  }

  async seesNo(selector: string): Promise<void> {
    await this.holds(`!document.querySelector(${quote(selector)})`);
  }

  async seesMany(selector: string, count: number): Promise<void> {
    await this.holds(`document.querySelectorAll(${quote(selector)}).length === ${count}`);
  }

  /** Waits until an expression of the page is true. */
  async holds(expression: string): Promise<void> {
    const look = async (): Promise<boolean> =>
      Boolean(await this.page.evaluate(`Boolean(${expression})`));
    await this.until(expression, look);
  }

  /** Clicks the first of these elements with this text. */
  async clicks(selector: string, text: string): Promise<void> {
    const all = `[...document.querySelectorAll(${quote(selector)})]`;
    const isIt = `(each.ariaLabel ?? each.textContent.trim()) === ${quote(text)} && !each.disabled`;
    const find = `${all}.find((each) => ${isIt} && each.checkVisibility())`;
    await this.holds(find);
    const handle = await this.page.evaluateHandle(find);
    await handle.asElement()?.click();
  }

  async types(text: string): Promise<void> {
    await this.page.type('input[type=search]', text);
  }

  /** Waits for what the server counts. */
  async counts(part: Part, wanted: Partial<Shop['requests']['counts'][string]>): Promise<void> {
    await this.until(`${part}: ${quote(wanted)}`, () => {
      const count = this.shop.requests.of(part);
      return Object.entries(wanted).every(
        ([kind, each]) => count[kind as keyof typeof count] === each,
      );
    });
  }

  async isOpen(part: Part, count: number): Promise<void> {
    await this.until(`${count} open in ${part}`, () => this.shop.requests.openIn(part) === count);
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const look = async (): Promise<void> => {
      while (!(await holds())) await sleep(15);
    };
    try {
      await timeout(LONG, look);
    } catch (error) {
      const shown = await this.page.evaluate(`document.querySelector('main')?.innerText`);
      const counts = JSON.stringify(this.shop.requests.counts);
      throw new Error(`waited for ${what}\nthe page shows: ${String(shown)}\n${counts}`, {
        cause: error,
      });
    }
  }

  /** Each request has an outcome, and none is open. */
  allIsOver(): void {
    for (const [part, count] of Object.entries(this.shop.requests.counts)) {
      const { begun, finished, failed, aborted } = count;
      assert.equal(begun, finished + failed + aborted, part);
    }
  }
}
