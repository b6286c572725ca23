import { isThenable } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import { forever } from '../real-work.ts';
import { currentLife } from './current-machine.ts';
import type { Life } from './machine.ts';

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** Files are real on a simulated machine too, but what they answer reaches no process that is gone. */
export function patchFiles(): void {
  const { fs } = node;
  for (const name of Object.keys(fs.promises)) {
    if (name === 'watch') continue;
    wrap(fs, name, () => undefined);
    wrap(fs.promises, name, forever);
  }
}

/** `idle`: what the call of a process that is gone returns. */
function wrap(target: object, name: string, idle: () => unknown): void {
  const { [name]: original } = target as Record<string, unknown>;
  if (typeof original !== 'function') return;
  const call = original as Call;
  const wrapped: Call = function (this: unknown, ...args) {
    const life = currentLife();
    if (life === undefined) return call.apply(this, args);
    if (life.isOver) return idle();
    const last = args.at(-1);
    if (typeof last === 'function') args[args.length - 1] = calledBack(life, last as Call);
    const answer = call.apply(this, args);
    // Not by its class: it may be of another realm.
    return isThenable(answer) ? answered(life, answer) : answer;
  };
  // What hangs on it stays, for `promisify`.
  const { prototype: _prototype, ...parts } = Object.getOwnPropertyDescriptors(original) as Record<
    string,
    PropertyDescriptor
  >;
  Object.defineProperties(wrapped, parts);
  Object.defineProperty(target, name, { value: wrapped, writable: true, configurable: true });
}

function calledBack(life: Life, callback: Call): Call {
  return function (this: unknown, ...results) {
    return life.isOver ? undefined : callback.apply(this, results);
  };
}

const handles = new WeakSet<object>();

async function answered(life: Life, answer: PromiseLike<unknown>): Promise<unknown> {
  try {
    const value = await answer;
    if (isHandle(value)) patchHandles(Object.getPrototypeOf(value) as object);
    return value;
  } finally {
    if (life.isOver) await forever();
  }
}

function isHandle(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'fd' in value && 'datasync' in value;
}

/** Those that `open` of `node:fs/promises` makes have a class that no module exports. */
function patchHandles(proto: object): void {
  if (handles.has(proto)) return;
  handles.add(proto);
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
    if (name !== 'constructor' && typeof value === 'function') wrap(proto, name, forever);
  }
}
