// Runs in the worker threads: an invoice takes a processor for some milliseconds.
import { pbkdf2Sync } from 'node:crypto';

export function makeInvoice(id: string, item: string, price: number): string {
  const text = `${id}: ${item}, ${(price / 100).toFixed(2)}`;
  return pbkdf2Sync(text, 'invoice', 2000, 16, 'sha256').toString('hex');
}
