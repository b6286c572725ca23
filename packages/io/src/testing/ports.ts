interface Bound<T> {
  readonly value: T;
  readonly isShared: boolean;
}

/** What is bound to the ports of a machine: one at each, or several that all share it (`reusePort`). */
export class Ports<T> {
  readonly #bound = new Map<number, readonly Bound<T>[]>();

  /** False if the port is in use. */
  bind(port: number, value: T, { isShared }: { readonly isShared: boolean }): boolean {
    const others = this.#bound.get(port) ?? [];
    const isFree = others.every((each) => each.isShared && isShared);
    if (isFree) this.#bound.set(port, [...others, { value, isShared }]);
    return isFree;
  }

  /** Of several the one for this sender: as with a system, the same each time. */
  at(port: number, sender: number): T | undefined {
    const all = this.#bound.get(port) ?? [];
    return all[sender % all.length]?.value;
  }

  /** Releases what was bound, if it is this. */
  release(port: number, isThis: (value: T) => boolean): void {
    const rest = this.#bound.get(port)?.filter(({ value }) => !isThis(value)) ?? [];
    if (rest.length === 0) this.#bound.delete(port);
    else this.#bound.set(port, rest);
  }

  has(port: number, value: T): boolean {
    return this.#bound.get(port)?.some((each) => each.value === value) ?? false;
  }

  clear(): void {
    this.#bound.clear();
  }
}
