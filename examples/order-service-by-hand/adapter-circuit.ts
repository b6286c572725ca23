export class CircuitError extends Error {}

export interface CircuitOptions {
  readonly failures: number;
  readonly within: number;
  readonly cooldown: number;
}

/** Refuses calls for a time after many failures. Then one call is tried. */
export class Circuit {
  readonly #options: CircuitOptions;
  #failures: number[] = [];
  #openUntil = 0;
  #isProbing = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  async run<T>(fn: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const isProbe = this.#openUntil > 0;
    if (isProbe && (Date.now() < this.#openUntil || this.#isProbing)) throw new CircuitError();
    this.#isProbing = isProbe;
    try {
      const value = await fn();
      if (isProbe) this.#openUntil = 0;
      return value;
    } catch (error) {
      if (!signal.aborted) this.#count(isProbe);
      throw error;
    } finally {
      if (isProbe) this.#isProbing = false;
    }
  }

  #count(isProbe: boolean): void {
    const { failures, within, cooldown } = this.#options;
    const now = Date.now();
    this.#failures = [...this.#failures.filter((at) => at > now - within), now];
    if (!isProbe && this.#failures.length < failures) return;
    this.#failures = [];
    this.#openUntil = now + cooldown;
  }
}
