import { ambient } from '../loop/ambient.ts';
import { currentFrame } from './any-scope.ts';
import type { CancelScope } from './cancel-scope.ts';
import type { Frame, Variables } from './frame.ts';
import { checkFunction, checkOptions } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';

/** The frame of code inside a ContextVar's `run`: the same scope, one variable more. */
export class VariableFrame implements Frame {
  readonly _scope: CancelScope;
  readonly _variables: Variables;

  constructor(scope: CancelScope, variables: Variables) {
    this._scope = scope;
    this._variables = variables;
  }
}

/**
 * A variable whose value follows the flow of awaits, and into the tasks spawned there: the shape of
 * TC39's `AsyncContext.Variable`. A task sees the values of the moment it was spawned.
 *
 * @example
 * const requestId = new ContextVar<string>({ name: 'requestId' });
 * await requestId.run('r-17', () => handle(request)); // requestId.get() is 'r-17' in there
 */
export class ContextVar<T> {
  readonly name: string;
  readonly #defaultValue: T | undefined;

  constructor(options?: { readonly name?: string; readonly defaultValue?: T }) {
    checkOptions('ContextVar', options);
    checkText('ContextVar', 'name', options?.name);
    this.name = options?.name ?? '';
    this.#defaultValue = options?.defaultValue;
  }

  /** The value of the innermost `run` around the caller, else the default. */
  get(): T | undefined {
    for (let at = currentFrame()._variables; at !== undefined; at = at.outer) {
      if (at.key === this) return at.value as T;
    }
    return this.#defaultValue;
  }

  /**
   * Calls a function, and all that it awaits and spawns, with another value. Returns what it returns.
   *
   * @param fn - is called at once
   */
  run<R>(value: T, fn: () => R): R {
    checkFunction('ContextVar.run', 'fn', fn);
    const here = currentFrame();
    const variables: Variables = { key: this, value, outer: here._variables };
    return ambient.run(new VariableFrame(here._scope, variables), fn);
  }
}

/**
 * Takes all that is ambient here, other libraries' stores too, to where it is not: a callback of an
 * emitter, for example. The scope comes along: what runs in it is cancelled with it.
 *
 * @returns calls a function as if from here, and returns what it returns
 * @example
 * const here = contextSnapshot();
 * emitter.on('data', (data) => here(() => handle(data)));
 */
export function contextSnapshot(): <R>(fn: () => R) => R {
  const restore = ambient.snapshot();
  return (fn) => {
    checkFunction('contextSnapshot', 'fn', fn);
    return restore(fn);
  };
}
