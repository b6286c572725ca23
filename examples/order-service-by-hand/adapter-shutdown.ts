import { setTimeout as pause } from 'node:timers/promises';

const LAME_DUCK = 200;
const LIMIT = 10_000;

/** Ends a service in steps, last added, first done, when a signal comes. */
export class Shutdown {
  readonly #steps: (() => unknown)[] = [];
  readonly #onError: (error: unknown) => void;
  hasBegun = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // eslint-disable-next-line @ambit/no-unowned-task -- without groups
      process.on(signal, () => void this.begin(0));
    }
  }

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async begin(code: number): Promise<void> {
    if (this.hasBegun) process.exit(1);
    this.hasBegun = true;
    process.exitCode = code;
    // 2. A step that does not end holds all steps behind it, so there is an end by force.
    setTimeout(() => process.exit(1), LAME_DUCK + LIMIT).unref();
    await pause(LAME_DUCK);
    for (const step of this.#steps.reverse()) {
      try {
        await step();
        // eslint-disable-next-line @ambit/no-swallowed-cancellation -- there is none
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
