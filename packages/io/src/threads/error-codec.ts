import { node } from '../node.ts';
import { encodeThrown as encode } from '@ambit/core/lowlevel';
import type { EncodedError } from '@ambit/core/lowlevel';

export { decodeThrown } from '@ambit/core/lowlevel';
export type { EncodedError as Encoded } from '@ambit/core/lowlevel';

/** What was thrown, in a form that any thread can be sent. Never throws. */
export function encodeThrown(thrown: unknown): EncodedError {
  return encode(thrown, (value) => node.util.inspect(value, { depth: 0 }));
}
