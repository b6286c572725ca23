import type { AsyncLocalStorage } from 'node:async_hooks';
import type { CancelScope } from '@ambit/core';

/** What core shares with code that was in its thread before it: see `loop/context` there. */
export interface ThreadFrames {
  readonly storage: AsyncLocalStorage<object>;
  /** Once core is loaded. */
  readonly Scope?: new (options: { name: string }) => CancelScope;
  /** By which `workerScope` asks for the scope of a call. */
  variable?: object;
}

export const FRAMES: unique symbol = Symbol.for('@ambit/core:frames');
const holder = globalThis as { [FRAMES]?: ThreadFrames };

/** Undefined where neither core nor `openFrames` has put them. */
export function knownFrames(): ThreadFrames | undefined {
  return holder[FRAMES];
}
