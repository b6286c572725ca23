/** Counts what lets time stand still. */
export class Holds {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  get areNone(): boolean {
    return this.#count === 0;
  }

  /** Returns the way to end it; a second end does nothing. `ended` is called when none is left. */
  begin(ended: () => void): Disposable {
    let isOver = false;
    this.#count += 1;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#count -= 1;
        if (this.#count > 0) return;
        for (const callback of this.#waiting.splice(0)) callback();
        ended();
      },
    };
  }

  /** Calls back when none is left. */
  onNone(callback: () => void): void {
    if (this.areNone) callback();
    else this.#waiting.push(callback);
  }
}
