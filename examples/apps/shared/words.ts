import type { TaskState } from '@ambit/core';
import type { Named } from './api.ts';
import type { Price } from './prices.ts';
import type { View } from './route.ts';

/** One sentence on each view. */
export const leads: Readonly<Record<View, string>> = {
  search: 'One request for each pause in your typing. A newer one aborts the older.',
  things: 'Choose one, and another before it is there: what was loading is aborted.',
  prices: 'Three at a time. Some are busy at first and are asked for again.',
  photo: 'A large file and a slow server. Cancel it on the way.',
  places: 'Asked for twice a second, while somebody looks.',
  basket: 'Shown at once, saved afterwards, and taken back if that fails.',
};

export const money = (cents: number): string => `€ ${(cents / 100).toFixed(2)}`;

export const priceText = (price: Price | undefined): string => {
  if (price?.state === 'done') return money(price.cents);
  return { waiting: '–', loading: '…', retrying: 'again …', failed: 'busy' }[
    price?.state ?? 'waiting'
  ];
};

export const foundText = (found: readonly Named[] | undefined): string => {
  if (found === undefined) return 'Try “bi” or “tr”.';
  return found.length === 1 ? '1 thing' : `${found.length} things`;
};

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const uploadText = (state: TaskState | undefined, percent: number): string => {
  if (state === undefined) return 'Nothing is kept before all of it is there.';
  return {
    queued: 'Waiting.',
    ...{ running: `${percent} %`, fulfilled: 'Uploaded.', rejected: 'Not uploaded.' },
    ...{ cancelling: 'Cancelled.', cancelled: 'Cancelled: nothing was kept.' },
  }[state];
};
