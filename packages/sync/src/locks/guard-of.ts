/** A hold of something acquired. Disposing it gives it back, whichever task does it; the second time does nothing. */
export type Guard = Disposable;

/** A guard that gives back by calling a function. */
export class GuardOf implements Disposable {
  #giveBack: (() => void) | undefined;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  [Symbol.dispose](): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }
}
