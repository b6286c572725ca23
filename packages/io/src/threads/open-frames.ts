import { AsyncLocalStorage } from 'node:async_hooks';
import { FRAMES, knownFrames } from './thread-frames.ts';
import type { ThreadFrames } from './thread-frames.ts';

/** Those of this thread, for calls that may load core. */
export function openFrames(): ThreadFrames {
  const known = knownFrames();
  if (known !== undefined) return known;
  const made: ThreadFrames = { storage: new AsyncLocalStorage() };
  Reflect.defineProperty(globalThis, FRAMES, { value: made, configurable: true });
  return made;
}
