// Clients that order, one after the other each, and remember what they were told.
import { randomUUID } from 'node:crypto';
import { gather, isCancelled, moveOnAfter, sleep } from '@ambit/core';
import { fetch } from '@ambit/io';

/** What the clients saw. */
export interface Seen {
  readonly accepted: string[];
  sent: number;
  /** Told to come again: 503, or a connection that was refused. */
  refused: number;
  failed: number;
  left: number;
  /** Responses that took longer than the limit of a request, and 250 ms. */
  late: number;
}

export interface LoadOptions {
  readonly clients: number;
  readonly ms: number;
  /** The limit of a request, in milliseconds. */
  readonly limit: number;
  /** The share of requests whose client leaves. */
  readonly leaving: number;
}

/** Sends orders for a time, and waits for the responses. */
export async function load(url: string, options: LoadOptions): Promise<Seen> {
  const seen: Seen = { accepted: [], sent: 0, refused: 0, failed: 0, left: 0, late: 0 };
  const end = performance.now() + options.ms;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const isLeaving = Math.random() < options.leaving;
      const asked = (): Promise<void> => order(url, options.limit, seen);
      seen.sent += 1;
      if (!isLeaving) await asked();
      else if ((await moveOnAfter(Math.random() * 20, async () => (await asked(), true))) !== true)
        seen.left += 1;
      await sleep(5);
    }
  };
  await gather(Array.from({ length: options.clients }, () => client));
  return seen;
}

async function order(url: string, limit: number, seen: Seen): Promise<void> {
  const id = randomUUID();
  const begun = performance.now();
  try {
    const response = await fetch(new URL('/orders', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, item: 'lamp' }),
    });
    await response.text();
    if (response.status === 202) seen.accepted.push(id);
    else if (response.status === 503) seen.refused += 1;
    else seen.failed += 1;
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (isRefused(error)) seen.refused += 1;
    else seen.failed += 1;
  }
  if (performance.now() - begun > limit + 250) seen.late += 1;
}

function isRefused(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return cause?.code === 'ECONNREFUSED';
}
