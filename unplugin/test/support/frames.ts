import { AsyncLocalStorage } from 'node:async_hooks';
import * as door from '../../../packages/core/src/ambient.ts';
import { inFrame } from '../../../packages/core/src/loop/slot.ts';
import { transform } from '../../src/transform.mjs';

type Names = Record<string, unknown>;
/** What a program under test sees: the frame of now, and how to call in another. */
export interface Frames {
  frame: () => string | undefined;
  run: <R>(frame: string | undefined, fn: () => R) => R;
}

const storage = new AsyncLocalStorage<string | undefined>();

/** By AsyncLocalStorage, for programs as they are written: what is right. */
export const followed: Frames = {
  frame: () => storage.getStore(),
  run: (frame, fn) => storage.run(frame, fn),
};

interface Named {
  readonly name: string;
}

/** By the slot, for programs that were rewritten. */
export const slotted: Frames = {
  frame: () => (door.slot.value as Named | undefined)?.name,
  run: (frame, fn) => inFrame(frame === undefined ? undefined : { name: frame }, fn),
};

/** The body of a function, rewritten. */
export function rewritten(code: string): string {
  return transform(code, { id: 'test.cjs', sourcemap: false })?.code ?? code;
}

/** Calls code as the body of a function that sees some names, and the door. */
export function evaluate(code: string, names: Names): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the programs are made here
  const body = new Function('require', ...Object.keys(names), code) as (
    ...args: unknown[]
  ) => unknown;
  return body(() => door, ...Object.values(names));
}

/** What a program logs: each look with the frame that it has, in order. */
export async function logOf(code: string, frames: Frames, names: Names = {}): Promise<string[]> {
  const log: string[] = [];
  const look = (id: unknown): void => void log.push(`${String(id)}: ${frames.frame() ?? '-'}`);
  await evaluate(code, { ...frames, ...names, look, log });
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
  return log;
}

/** Looks between all turns whether a frame was left standing for others. */
export function watchFrames(): { readonly left: number; stop: () => void } {
  let isOn = true;
  const watch = {
    left: 0,
    stop: () => {
      isOn = false;
    },
  };
  const look = (): void => {
    if (door.slot.value !== undefined) watch.left++;
    if (isOn) setImmediate(look);
    if (isOn) void Promise.resolve().then(once);
  };
  const once = (): void => {
    if (door.slot.value !== undefined) watch.left++;
  };
  look();
  return watch;
}
