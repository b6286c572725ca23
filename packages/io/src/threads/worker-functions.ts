import { messageOf } from '@ambit/core/lowlevel';
import type { WorkerTask } from './worker-messages.ts';

export type Callable = (...args: readonly unknown[]) => unknown;

/** The modules that were loaded. To ask the loader again would take as long as a short call. */
const modules = new Map<string, Record<string, unknown>>();

/**
 * The function of a module, if that is loaded.
 *
 * @throws TypeError if there is no such function in it
 */
export function knownFunction(task: WorkerTask): Callable | undefined {
  const exported = modules.get(task.module);
  return exported && functionOf(exported, task);
}

/** Loads the module, and returns the function. No call's cancellation reaches what the module does meanwhile: others will need it. */
export async function loadFunction(task: WorkerTask): Promise<Callable> {
  return functionOf(await importAll(task.module), task);
}

function functionOf(exported: Record<string, unknown>, { module, name }: WorkerTask): Callable {
  // What CommonJS exports may be in its `default` only.
  const found = exported[name] ?? ownOf(exported['default'], name);
  if (typeof found === 'function') return found as Callable;
  const what = found === undefined ? `does not export ${name}` : `exports ${name}, no function`;
  const names = Object.keys(exported).join(', ');
  throw new TypeError(`${module} ${what}; its exports are: ${names === '' ? 'none' : names}`);
}

// What every object inherits is no export.
function ownOf(value: unknown, name: string): unknown {
  if (value === undefined || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

async function importAll(module: string): Promise<Record<string, unknown>> {
  try {
    const exported = (await import(module)) as Record<string, unknown>;
    modules.set(module, exported);
    return exported;
  } catch (cause) {
    const why = messageOf(cause);
    const error = new Error(`${module} cannot be loaded: ${why}`, { cause });
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw Object.assign(error, code === undefined ? {} : { code });
  }
}
