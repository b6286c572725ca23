// The other service: it gives prices, and does not respond to a share of the requests.
import { sleep, sleepForever } from '@ambit/core';
import { serveHttp } from '@ambit/io';

export interface PriceListOptions {
  /** The share of requests that are never answered, 0 to 1. */
  readonly hanging?: number;
  readonly onListening: (url: string) => void;
}

export async function servePrices({ hanging = 0, onListening }: PriceListOptions): Promise<void> {
  let count = 0;
  const handler = async (
    request: { readonly url?: string | undefined },
    response: { end(text: string): void },
  ): Promise<void> => {
    count += 1;
    if (Math.floor(count * hanging) > Math.floor((count - 1) * hanging)) await sleepForever();
    await sleep(5);
    response.end(JSON.stringify({ price: 100 + (request.url ?? '').length }));
  };
  await serveHttp(handler, {
    port: 0,
    host: '127.0.0.1',
    grace: 0,
    onListening: ({ port }) => {
      onListening(`http://127.0.0.1:${port}`);
    },
  });
}
