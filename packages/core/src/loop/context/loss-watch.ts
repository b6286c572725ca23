import { emitWarning } from '../../internal/emit-warning.ts';
import type { Slot } from '../slot.ts';

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

  /** The body of a scope or task has come to its first `await`. The caller handles the rejection of its promise. */
  began(body: Promise<unknown>): void {
    if (this.#isOver) return;
    const end = (): void => {
      this.#bodies -= 1;
    };
    this.#bodies += 1;
    void body.then(end, end);
  }

  /** Code waits, without a signal. */
  waits(name: string): void {
    if (this.#isOver || this.#bodies === 0 || this.#slot.value !== undefined) return;
    // Code of the program is rewritten; or this is a listener of an event, not what comes after an await.
    const { event } = globalThis as { readonly event?: unknown };
    if (this.#slot.isFollowed || event !== undefined) return;
    this.#isOver = true;
    emitWarning(
      `${name}: there is no current scope here, so no cancellation reaches this call: without AsyncLocalStorage the scope ` +
        'is known up to the first await of a body. Add unplugin-ambit to the bundler, or pass { signal }',
      'AmbientScopeWarning',
    );
  }
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
