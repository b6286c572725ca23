import { encodeThrown as encode } from '@ambit/core/lowlevel';
import type { EncodedError } from '@ambit/core/lowlevel';
import { inspect } from 'node:util';

export { decodeThrown } from '@ambit/core/lowlevel';
export type { EncodedError as Encoded } from '@ambit/core/lowlevel';

/** What was thrown, in a form that any thread can be sent. Never throws. */
export function encodeThrown(thrown: unknown): EncodedError {
  return encode(thrown, (value) => inspect(value, { depth: 0 }));
}
