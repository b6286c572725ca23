import { emitWarning } from '../../internal/emit-warning.ts';
import { microtask } from '../../internal/microtask.ts';
import type { Slot } from '../slot.ts';

/** To be called when a body has come to its first `await`. The caller handles the rejection of its promise. */
export type GoesOn = (body: Promise<unknown>) => void;

/**
 * Tells once, while a program is developed, that it waits outside of every frame although the body of some scope is under way: most
 * likely in that body, behind an `await` that the scope did not follow.
 */
export class LossWatch {
  readonly #slot: Slot;
  #bodies = 0;
  #isOver = false;

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  /**
   * Before the body of a scope or task is called. It counts from the next microtask on, which comes before any that the body makes:
   * what else the program begins in this turn is not in the body.
   */
  begins(): GoesOn | undefined {
    if (this.#isOver) return undefined;
    let body: Promise<unknown> | undefined;
    microtask(() => {
      if (body === undefined) return;
      const end = (): void => {
        this.#bodies -= 1;
      };
      this.#bodies += 1;
      void body.then(end, end);
    });
    return (promise) => {
      body = promise;
    };
  }

  /** Code waits, without a signal. */
  waits(name: string): void {
    if (this.#isOver || this.#bodies === 0 || this.#slot.value !== undefined) return;
    // Code of the program is rewritten; or this is a listener of an event, not what comes after an await.
    if (this.#slot.isFollowed || isInListener()) return;
    this.#isOver = true;
    emitWarning(
      `${name}: there is no current scope here, so no cancellation reaches this call: without AsyncLocalStorage the scope ` +
        'is known up to the first await of a body. Add unplugin-ambit to the bundler, or pass { signal }',
      'AmbientScopeWarning',
    );
  }
}

/** A turn of our own comes as an event too, by a port. */
function isInListener(): boolean {
  const { event } = globalThis as {
    readonly event?: { readonly target: { readonly isOfAmbit?: boolean } | null };
  };
  return event !== undefined && event.target?.isOfAmbit !== true;
}

/** In production there is none: bundles with the condition `production` have this file without its code (scripts/production.mjs). */
export function watchOf(slot: Slot): LossWatch | undefined {
  return isProduction() ? undefined : new LossWatch(slot);
}

/** By what bundlers put in its place; without a bundler a program is under development. */
function isProduction(): boolean {
  try {
    return process.env['NODE_ENV'] === 'production';
  } catch {
    return false;
  }
}
