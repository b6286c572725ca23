import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { isCausedBy } from '../scope/cancellation.ts';
import { checkCount, checkFunction, checkOptions, checkTime } from '../internal/check.ts';
import { callSafely } from '../internal/report-later.ts';
import { refusalIn } from '../waiting/park.ts';
import { paced } from '../waiting/ready.ts';
import { nameErrors } from '../internal/name-errors.ts';

/** Where a circuit breaker stands: it lets calls through, refuses them, or tries out a few. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Options for {@link circuitBreaker}. */
export interface CircuitBreakerOptions {
  /** How many failures within `within` open it: a whole number from 1. Default 5. */
  readonly failures?: number | undefined;
  /** Milliseconds. Default 10,000. */
  readonly within?: number | undefined;
  /** Milliseconds that it stays open before it lets probes through. Default 30,000. */
  readonly cooldown?: number | undefined;
  /** How many probes may run at a time, and how many successes in a row close it: a whole number from 1. Default 1. */
  readonly halfOpen?: number | undefined;
  /** Whether this error is a failure of what is called; one that is not counts as a success. Default: always. */
  readonly when?: ((error: unknown) => boolean | PromiseLike<boolean>) | undefined;
  /** Told of each change. What it throws becomes an uncaught exception. */
  readonly onStateChange?: ((state: CircuitState, previous: CircuitState) => void) | undefined;
}

/** A function behind a circuit breaker. */
export interface CircuitBreaker<A extends unknown[], R> {
  (...args: A): Promise<R>;
  /** Where it stands now. */
  readonly state: CircuitState;
  /** Opens it, for a cooldown from now on. */
  open(): void;
  /** Closes it, and forgets the failures. */
  close(): void;
}

/** A circuit breaker is open: the function was not called. Its `cause` is the failure that opened it, if one did. */
export class CircuitOpenError extends Error {
  /** Milliseconds until calls are let through again to try; 0: as many as may be under way already. */
  readonly retryAfter: number;

  static {
    nameErrors(this, 'CircuitOpenError');
  }

  constructor(name: string, retryAfter: number, options?: ErrorOptions) {
    const when =
      retryAfter === 0 ? 'while it is being tried' : `for ${String(Math.ceil(retryAfter))} ms`;
    super(
      `${name}: the circuit is open ${when}, so it was not called; try later, or do without`,
      options,
    );
    this.retryAfter = retryAfter;
  }
}

/**
 * Puts a function behind a circuit breaker: after too many failures it is not called for a while, and its callers fail at
 * once. Then a few calls are let through as probes, and their success closes the circuit. A cancellation is neither a failure nor a
 * success.
 *
 * @param fn - what is called; `this` is that of the call
 * @param options - `failures` within `within` milliseconds open it for `cooldown` milliseconds
 * @returns the function, with its `state`, and `open()` and `close()` to do so by hand. A call rejects with a
 *   CircuitOpenError if it is refused, with what the function throws, or with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * const price = circuitBreaker((symbol: string) => fetchPrice(symbol), { failures: 3, cooldown: 5000 });
 * const shown = await price('AMBT').catch((error) => {
 *   if (error instanceof CircuitOpenError) return lastKnownPrice;
 *   throw error;
 * });
 */
export function circuitBreaker<A extends unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  options: CircuitBreakerOptions = {},
): CircuitBreaker<A, R> {
  checkFunction('circuitBreaker', 'fn', fn);
  checkBreakerOptions(options);
  const circuit = new Circuit(fn.name || 'circuitBreaker', options);
  const call = async function (this: unknown, ...args: A): Promise<R> {
    return paced(circuit.call(async () => fn.apply(this, args)));
  };
  return Object.defineProperties(call, {
    state: { get: () => circuit.state },
    open: { value: () => circuit.open() },
    close: { value: () => circuit.close() },
  }) as unknown as CircuitBreaker<A, R>;
}

function checkBreakerOptions(options: CircuitBreakerOptions): void {
  const where = 'circuitBreaker';
  checkOptions(where, options);
  for (const key of ['failures', 'halfOpen'] as const) {
    if (options[key] !== undefined) checkCount(where, key, options[key], 1);
  }
  for (const key of ['within', 'cooldown'] as const) {
    if (options[key] !== undefined) checkTime(where, key, options[key]);
  }
  if (options.when !== undefined) checkFunction(where, 'when', options.when);
  if (options.onStateChange !== undefined) {
    checkFunction(where, 'onStateChange', options.onStateChange);
  }
}

/** One state of the circuit. A call of an earlier state does not change a later one. */
type Phase =
  | { readonly is: 'closed'; readonly failures: number[] }
  | { readonly is: 'open'; readonly until: number; readonly cause: ErrorOptions | undefined }
  | { readonly is: 'half-open'; probes: number; successes: number };

class Circuit {
  readonly #name: string;
  readonly #options: CircuitBreakerOptions;
  #phase: Phase = { is: 'closed', failures: [] };

  constructor(name: string, options: CircuitBreakerOptions) {
    this.#name = name;
    this.#options = options;
  }

  get state(): CircuitState {
    return this.#look().is;
  }

  open(): void {
    this.#open(undefined);
  }

  close(): void {
    this.#change({ is: 'closed', failures: [] });
  }

  async call<R>(work: () => Promise<R>): Promise<R> {
    const scope = currentFrame()._scope;
    const refused = refusalIn(scope, undefined);
    if (refused !== undefined) return refused;
    const phase = this.#admit();
    try {
      const value = await work();
      this.#succeeded(phase);
      return value;
    } catch (error) {
      const { reason } = scope;
      const isCancelled = reason !== undefined && isCausedBy(reason, error);
      if (!isCancelled) await this.#judge(phase, error);
      throw error;
    } finally {
      if (phase.is === 'half-open') phase.probes -= 1;
    }
  }

  async #judge(phase: Phase, error: unknown): Promise<void> {
    const { when } = this.#options;
    const isFailure = when === undefined || (await when.call(this.#options, error));
    if (isFailure) this.#failed(phase, error);
    else this.#succeeded(phase);
  }

  #admit(): Phase {
    const phase = this.#look();
    if (phase.is === 'open') {
      const left = Math.max(phase.until - currentRuntime().loop.now(), 0);
      throw new CircuitOpenError(this.#name, left, phase.cause);
    }
    if (phase.is === 'half-open') {
      if (phase.probes >= (this.#options.halfOpen ?? 1)) throw new CircuitOpenError(this.#name, 0);
      phase.probes += 1;
    }
    return phase;
  }

  /** The phase, which time may have changed. */
  #look(): Phase {
    const phase = this.#phase;
    if (phase.is === 'open' && currentRuntime().loop.now() >= phase.until) {
      this.#change({ is: 'half-open', probes: 0, successes: 0 });
    }
    return this.#phase;
  }

  #succeeded(phase: Phase): void {
    if (phase !== this.#phase || phase.is !== 'half-open') return;
    phase.successes += 1;
    if (phase.successes >= (this.#options.halfOpen ?? 1)) this.close();
  }

  #failed(phase: Phase, error: unknown): void {
    if (phase !== this.#phase) return;
    if (phase.is === 'closed' && !this.#isTooMuch(phase.failures)) return;
    this.#open({ cause: error });
  }

  #isTooMuch(failures: number[]): boolean {
    const { failures: most = 5, within = 10_000 } = this.#options;
    const now = currentRuntime().loop.now();
    failures.push(now);
    while (failures[0] !== undefined && now - failures[0] > within) failures.shift();
    return failures.length >= most;
  }

  #open(cause: ErrorOptions | undefined): void {
    const { cooldown = 30_000 } = this.#options;
    const until = currentRuntime().loop.now() + Math.max(cooldown, 0);
    this.#change({ is: 'open', until, cause });
  }

  #change(phase: Phase): void {
    const previous = this.#phase.is;
    this.#phase = phase;
    if (phase.is === previous) return;
    callSafely((state) => this.#options.onStateChange?.(state, previous), phase.is);
  }
}
