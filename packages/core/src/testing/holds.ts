import { isCrashed } from './crashed.ts';

interface Hold {
  readonly scope: object;
}

/** What lets time stand still. */
export class Holds {
  readonly #holds = new Set<Hold>();
  readonly #waiting: (() => void)[] = [];
  readonly #ended: () => void;

  /** @param ended - called when the last one has ended */
  constructor(ended: () => void) {
    this.#ended = ended;
  }

  get areNone(): boolean {
    return this.#holds.size === 0;
  }

  /** Returns the way to end it; a second end does nothing. Code that has crashed holds nothing. */
  begin(scope: object): Disposable {
    const hold: Hold = { scope };
    if (!isCrashed(scope)) this.#holds.add(hold);
    return {
      [Symbol.dispose]: () => {
        this.#end(hold);
      },
    };
  }

  /** Ends those of scopes that are gone: no code of theirs will. */
  forget(isGone: (scope: object) => boolean): void {
    for (const hold of [...this.#holds]) if (isGone(hold.scope)) this.#end(hold);
  }

  /** Calls back when none is left. */
  onNone(callback: () => void): void {
    if (this.areNone) callback();
    else this.#waiting.push(callback);
  }

  #end(hold: Hold): void {
    if (!this.#holds.delete(hold) || !this.areNone) return;
    for (const callback of this.#waiting.splice(0)) callback();
    this.#ended();
  }
}
