// What a visitor does with each feature, sees, and has the server count: the same in all four apps.
import { strict as assert } from 'node:assert';
import { sleep } from '@ambit/core';
import type { Visitor } from './visitor.ts';

export const scenarios: Readonly<Record<string, (visitor: Visitor) => Promise<void>>> = {
  'type-ahead': async (visitor) => {
    const { shop } = visitor;
    shop.hold('search');
    await visitor.open('search');
    await visitor.types('tr');
    await visitor.counts('search', { begun: 1 });
    await visitor.sees('.status', 'Searching…');
    // A newer request aborts the older; the keys of one burst are one request.
    shop.holdNoMore('search');
    shop.delays.search = 50;
    await visitor.types('ee');
    await visitor.sees('.rows', 'Plant a tree');
    await visitor.sees('.status', '1 thing');
    await visitor.counts('search', { begun: 2, finished: 1, aborted: 1 });
    // What is shown stays while the next one is under way.
    shop.hold('search');
    await visitor.types('s');
    await visitor.isOpen('search', 1);
    await visitor.sees('.rows[aria-busy=true]', 'Plant a tree');
    await visitor.leave();
    await visitor.counts('search', { begun: 3, finished: 1, aborted: 2 });
  },

  'bounded loading with retries': async (visitor) => {
    const { shop } = visitor;
    shop.delays.prices = 60;
    await visitor.open('prices');
    await visitor.seesMany('.tiles li', 12);
    await visitor.clicks('button', 'Load prices');
    await visitor.seesMany('.tiles [data-state=done]', 12);
    await visitor.sees('.tiles li:nth-child(5)', /€ 5.00/);
    // Three things were busy, one of them twice.
    const all = { begun: 16, finished: 12, failed: 4, atOnce: 3 };
    await visitor.counts('prices', all);
    shop.hold('prices');
    await visitor.clicks('button', 'Load prices');
    await visitor.isOpen('prices', 3);
    await visitor.seesMany('.tiles [data-state=loading]', 3);
    await visitor.clicks('button', 'Stop');
    await visitor.counts('prices', { ...all, begun: 19, aborted: 3 });
    await visitor.seesNo('.tiles [data-state=loading]');
    await visitor.clicks('button', 'Load prices');
    await visitor.isOpen('prices', 3);
    await visitor.leave();
    await visitor.counts('prices', { ...all, begun: 22, aborted: 6 });
  },

  'upload with progress and cancel': async (visitor) => {
    const { shop } = visitor;
    shop.delays.photos = 12;
    await visitor.open('photo');
    await visitor.clicks('button', 'Upload a sample');
    const value = 'document.querySelector("progress").value';
    await visitor.holds(`${value} > 0 && ${value} < 100`);
    await visitor.sees('.status', /^\d+ %$/);
    // One at a time: this click is dropped.
    await visitor.clicks('button', 'Upload a sample');
    await visitor.clicks('button', 'Cancel');
    await visitor.sees('.status', 'Cancelled: nothing was kept.');
    await visitor.counts('photos', { begun: 1, aborted: 1 });
    shop.delays.photos = 0;
    await visitor.clicks('button', 'Upload a sample');
    await visitor.sees('.status', 'Uploaded.');
    await visitor.holds(`${value} === 100`);
    await visitor.counts('photos', { begun: 2, finished: 1, aborted: 1 });
    shop.delays.photos = 4;
    await visitor.clicks('button', 'Upload a sample');
    await visitor.isOpen('photos', 1);
    await visitor.leave();
    await visitor.counts('photos', { begun: 3, finished: 1, aborted: 2 });
  },

  'polling with a pause': async (visitor) => {
    const { shop } = visitor;
    const begun = (): number => shop.requests.of('places').begun;
    const staysQuiet = async (): Promise<void> => {
      const before = begun();
      await sleep(700);
      assert.equal(begun(), before, 'asks while it is paused');
    };
    shop.delays.places = 20;
    await visitor.open('places');
    await visitor.counts('places', { finished: 2 });
    await visitor.seesMany('.rows .number', 4);
    shop.hold('places');
    await visitor.isOpen('places', 1);
    await visitor.clicks('button', 'Pause');
    await visitor.sees('.status', 'Paused.');
    await visitor.counts('places', { aborted: 1 });
    await staysQuiet();
    shop.holdNoMore('places');
    await visitor.clicks('button', 'Resume');
    await visitor.counts('places', { begun: 4, finished: 3 });
    await isLookedAt(visitor, 'hidden');
    await staysQuiet();
    await isLookedAt(visitor, 'visible');
    await visitor.counts('places', { begun: 5 });
    await visitor.leave();
  },

  'navigation that cancels': async (visitor) => {
    const { shop } = visitor;
    shop.delays.details = 20;
    shop.hold('reviews');
    await visitor.open('things');
    await visitor.clicks('.rows a', 'Fold a crane');
    await visitor.isOpen('reviews', 1);
    await visitor.sees('.detail .status', 'Loading…');
    shop.holdNoMore('reviews');
    shop.delays.reviews = 20;
    await visitor.clicks('.rows a', 'Ring a bell');
    await visitor.sees('.detail h3', 'Ring a bell');
    await visitor.counts('reviews', { begun: 2, finished: 1, aborted: 1 });
    // If one of two requests fails, the other is aborted.
    shop.refuses.add('reviews');
    shop.hold('details');
    await visitor.clicks('.rows a', 'Watch birds');
    await visitor.sees('.error', /^The shop is closed for a moment/);
    await visitor.counts('details', { begun: 3, finished: 2, aborted: 1 });
    shop.refuses.clear();
    shop.holdNoMore('details');
    await visitor.clicks('.error button', 'Try again');
    await visitor.sees('.detail h3', 'Watch birds');
    await visitor.seesNo('.error');
    shop.hold('details');
    shop.hold('reviews');
    await visitor.clicks('.rows a', 'Sail a dinghy');
    await visitor.isOpen('reviews', 1);
    await visitor.leave();
    await visitor.counts('details', { begun: 5, finished: 3, aborted: 2 });
    await visitor.counts('reviews', { begun: 5, finished: 2, failed: 1, aborted: 2 });
  },

  'optimistic save': async (visitor) => {
    const { shop } = visitor;
    shop.delays.basket = 20;
    await visitor.open('basket');
    const shows = (count: number, status: string): Promise<void> =>
      visitor.holds(
        `document.querySelector('.rows .number')?.textContent === '${count}' &&
         document.querySelector('.rows .status').textContent.startsWith('${status}')`,
      );
    await shows(1, '');
    shop.hold('basket');
    await visitor.clicks('.rows button', 'More');
    await shows(2, 'Saving…');
    await visitor.isOpen('basket', 1);
    await visitor.clicks('.rows button', 'Undo');
    await shows(1, '');
    await visitor.counts('basket', { begun: 2, aborted: 1 });
    assert.equal(shop.basket.get(1), 1);
    // Three clicks are two requests: the second one waits and is superseded.
    shop.hold('basket');
    for (let click = 0; click < 3; click += 1) await visitor.clicks('.rows button', 'More');
    await shows(4, 'Saving…');
    await visitor.isOpen('basket', 1);
    shop.letGo('basket');
    await visitor.counts('basket', { begun: 4, finished: 3 });
    await visitor.holds(`document.querySelector('.rows .status').textContent === ''`);
    await shows(4, '');
    assert.equal(shop.basket.get(1), 4);
    shop.refuses.add('basket');
    shop.hold('basket');
    await visitor.clicks('.rows button', 'More');
    await shows(5, 'Saving…');
    shop.letGo('basket');
    await shows(4, 'The shop is closed');
    shop.refuses.clear();
    shop.hold('basket');
    await visitor.clicks('.rows button', 'More');
    await visitor.isOpen('basket', 1);
    await visitor.leave();
    await visitor.counts('basket', { begun: 6, finished: 3, failed: 1, aborted: 2 });
  },
};

/** As far as the page can tell: no browser without a screen hides its pages. */
async function isLookedAt({ page }: Visitor, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}
