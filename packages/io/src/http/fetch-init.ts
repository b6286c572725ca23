import { show } from '@ambit/core/lowlevel';

/** What a request may be given as: an address, or a Request. */
export type FetchInput = Parameters<typeof globalThis.fetch>[0];
/** The platform's own options of a request. */
export type PlatformInit = NonNullable<Parameters<typeof globalThis.fetch>[1]>;

/** All that the platform reads of an init, Node's `dispatcher` among it. */
const names = [
  ...['method', 'headers', 'body', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache'],
  ...['redirect', 'integrity', 'keepalive', 'signal', 'duplex', 'priority', 'window', 'dispatcher'],
  ...['headersTimeout', 'bodyTimeout', 'sendDeadline'],
];

/**
 * What an init says, each property read once, as the platform does: also where it is a getter, of a class or of a Request
 * that is given as one.
 */
export function readInit<I extends PlatformInit>(init: I | null | undefined): Partial<I> {
  if (init === undefined || init === null) return {};
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeError(`fetch: init is ${show(init)}; give an object, or nothing`);
  }
  const read: Record<string, unknown> = {};
  for (const name of new Set([...names, ...Object.keys(init)])) {
    const value: unknown = Reflect.get(init, name);
    if (value !== undefined) read[name] = value;
  }
  return read as Partial<I>;
}

export function isRequest(input: FetchInput): input is Request {
  return typeof input === 'object' && (input as object | null) !== null && 'signal' in input;
}
