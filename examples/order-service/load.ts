// Clients that order, one after the other each, and remember what they were told.
import { randomUUID } from 'node:crypto';
import { gather, isCancelled, moveOnAfter, sleep } from '@ambit/core';
import { fetch } from '@ambit/io';

/** What the clients saw. */
export interface Seen {
  readonly accepted: string[];
  sent: number;
  /** Told to come again: 503, 504 at the end of the time, or a connection that was refused. */
  refused: number;
  failed: number;
  left: number;
}

export interface LoadOptions {
  readonly clients: number;
  /** Whether no further order is sent. */
  readonly isOver: (seen: Seen) => boolean;
  /** The share of requests whose client leaves. */
  readonly leaving: number;
  /** 0 to below 1. */
  readonly random: () => number;
}

/** Sends orders until it is over, and waits for the responses. */
export async function load(url: string, options: LoadOptions): Promise<Seen> {
  const seen: Seen = { accepted: [], sent: 0, refused: 0, failed: 0, left: 0 };
  const { random, isOver } = options;
  const client = async (): Promise<void> => {
    while (!isOver(seen)) {
      const isLeaving = random() < options.leaving;
      const asked = (): Promise<void> => order(url, seen);
      seen.sent += 1;
      if (!isLeaving) await asked();
      else if ((await moveOnAfter(random() * 20, async () => (await asked(), true))) !== true)
        seen.left += 1;
      await sleep(5);
    }
  };
  await gather(Array.from({ length: options.clients }, () => client));
  return seen;
}

async function order(url: string, seen: Seen): Promise<void> {
  const id = randomUUID();
  try {
    const response = await fetch(new URL('/orders', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, item: 'lamp' }),
    });
    await response.text();
    if (response.status === 202) seen.accepted.push(id);
    else if ([503, 504].includes(response.status)) seen.refused += 1;
    else seen.failed += 1;
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (isRefused(error)) seen.refused += 1;
    else seen.failed += 1;
  }
}

function isRefused(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return cause?.code === 'ECONNREFUSED';
}
