import * as core from '@ambit/core';
import * as abort from '@ambit/core/abort';
import * as actions from '@ambit/core/actions';
import * as ambient from '@ambit/core/ambient';
import * as iter from '@ambit/core/iter';
import { VirtualLoop } from '@ambit/core/testing';
import * as sync from '@ambit/sync';
import { transform } from 'unplugin-ambit/transform';

export interface Session {
  readonly group: core.TaskGroup;
  readonly loop: VirtualLoop | undefined;
  readonly ended: Promise<void>;
  /** Calls a function inside of the run, where its clock is. */
  readonly inside: <R>(fn: () => R) => R;
}

export interface SessionOptions {
  readonly isVirtual: boolean;
  readonly log: (line: string) => void;
}

/** Runs the body of a program, in real time or in time that stands still until it is advanced. */
export function begin(code: string, { isVirtual, log }: SessionOptions): Promise<Session> {
  const names = namesFor(log);
  const written = `async function main(group) {\n${withoutModule(code)}\n}`;
  const source = transform(written, { id: 'program.cjs', sourcemap: false })?.code ?? written;
  // The reader's own code, in the reader's own browser.
  const make = new Function(...Object.keys(names), `${source}\nreturn main;`);
  const main = make(...Object.values(names)) as (group: core.TaskGroup) => Promise<void>;
  const loop = isVirtual ? new VirtualLoop({ autojump: false }) : undefined;
  return new Promise((resolve) => {
    const ended = core.run(
      (group) => {
        const inside = core.contextSnapshot();
        queueMicrotask(() => resolve({ group, loop, ended: settled, inside }));
        return main(group);
      },
      loop === undefined ? {} : { loop },
    );
    const settled = ended.then(
      () => log('— the run has ended'),
      (error: unknown) => log(`— the run has failed: ${String(error)}`),
    );
  });
}

/** The names that a program has. A whole program, with a `run` of its own, runs as a group of the playground's run. */
function namesFor(log: SessionOptions['log']): Record<string, unknown> {
  const print = (...values: unknown[]): void => {
    log(values.map((value) => (typeof value === 'string' ? value : show(value))).join(' '));
  };
  return {
    ...abort,
    ...iter,
    ...actions,
    ...core,
    ...sync,
    log: print,
    console: { log: print, error: print, warn: print },
    run: (main: (group: core.TaskGroup) => unknown) => core.taskGroup(main, { name: 'main' }),
    // What the rewritten code asks for.
    require: () => ambient,
  };
}

/** A program of the tutorial is a module; its names are here already. */
function withoutModule(code: string): string {
  return code.replaceAll(/^import [^;]*;$/gm, '').replaceAll(/^export (?:\{\};$|(?=\w))/gm, '');
}

/** As Node's console does. */
function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(show).join(', ')} ]`;
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return String(value);
  const entries = Object.entries(value as object).map(([key, each]) => `${key}: ${show(each)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Makes the run fail, as a task of it that throws. */
export function fail(session: Session): void {
  session.group.spawn(() => Promise.reject(new Error('failed by hand')), { name: 'failure' });
}

export function cancelTask(name: string): void {
  for (const task of core.allTasks()) if (task.name === name) task.cancel('cancelled by hand');
}
