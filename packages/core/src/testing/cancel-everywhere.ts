import { checkCount, show } from '../internal/check.ts';
import { counted } from '../internal/counted.ts';
import { InvalidStateError, messageOf } from '../internal/errors.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { Probe } from './probe.ts';
import type { Attempt, Moment, Target } from './probe.ts';
import { checkBody } from './trial.ts';
import type { VirtualLoop } from './virtual-loop.ts';

/** Options for {@link cancelEverywhere}. */
export interface CancelEverywhereOptions {
  /** How many checkpoints are tried at most. Default 1000. */
  readonly limit?: number | undefined;
  /** Runs this cancellation only, as a failure names it: `'5'` on entry to the fifth checkpoint, `'5+'` after it. */
  readonly at?: string | undefined;
}

/** What {@link cancelEverywhere} has tried. */
export interface CancelReport {
  /** How many checkpoints the function passed when nothing cancelled it; with `at`, in that one run. */
  readonly checkpoints: number;
  /** How often the body was run. */
  readonly runs: number;
  /** False if `limit` or `at` left some out. */
  readonly isComplete: boolean;
}

type Body = (attempt: Attempt, group: TaskGroup, loop: VirtualLoop) => unknown;

/**
 * Proves that a function loses nothing wherever it is cancelled. Runs the body once uncancelled and
 * counts the checkpoints that the function given to `attempt` passes, in its tasks and in its shielded
 * cleanup too. Then runs the body twice for each checkpoint: once cancelled on entry, so that the call
 * itself throws, and once a microtask later, while the call waits or before its caller resumes. Each run
 * is a {@link testRun}; the first that fails ends the search.
 *
 * @param body - calls `attempt(fn)` once, and then checks what must hold: `available`, `statistics()`, a
 *   log. Must start from nothing each time
 * @param options - `limit`: checkpoints at most; `at`: runs one cancellation only
 * @returns the numbers of checkpoints and runs
 * @throws (rejects) an Error with the checkpoint's number, its place and its token, its `cause` what the
 *   body threw; InvalidStateError if `attempt` is not called exactly once, or if the body does something
 *   else when it runs again; TypeError, RangeError for bad options
 * @example
 * await cancelEverywhere(async (attempt) => {
 *   const semaphore = new Semaphore(1);
 *   await attempt(() => save(semaphore));
 *   assert.equal(semaphore.available, 1);
 * });
 */
export async function cancelEverywhere(
  body: (attempt: Attempt, group: TaskGroup, loop: VirtualLoop) => unknown,
  options?: CancelEverywhereOptions,
): Promise<CancelReport> {
  checkBody('cancelEverywhere', body, options);
  const { limit = 1000, at } = options ?? {};
  checkCount('cancelEverywhere', 'limit', limit, 1);
  return at === undefined ? everywhere(body, limit) : only(body, at);
}

async function everywhere(body: Body, limit: number): Promise<CancelReport> {
  const usual = await cancelled(body);
  const last = Math.min(usual, limit);
  for (let checkpoint = 1; checkpoint <= last; checkpoint += 1) {
    await cancelled(body, { checkpoint, moment: 'on entry', of: usual });
    await cancelled(body, { checkpoint, moment: 'after it', of: usual });
  }
  return { checkpoints: usual, runs: 1 + 2 * last, isComplete: last === usual };
}

async function only(body: Body, at: string): Promise<CancelReport> {
  const checkpoints = await cancelled(body, targetOf(at));
  return { checkpoints, runs: 1, isComplete: false };
}

function targetOf(at: string): Target {
  const [, checkpoint, plus] = /^([1-9]\d*)(\+?)$/.exec(typeof at === 'string' ? at : '') ?? [];
  if (checkpoint === undefined) {
    const Kind = typeof at === 'string' ? RangeError : TypeError;
    throw new Kind(
      `cancelEverywhere: at is ${show(at)}; give the token of a failure, as '5' or '5+'`,
    );
  }
  return { checkpoint: Number(checkpoint), moment: plus === '+' ? 'after it' : 'on entry' };
}

/** Runs the body once, cancelled at the target if there is one; returns how many checkpoints it passed. */
async function cancelled(body: Body, target?: Target): Promise<number> {
  const probe = new Probe(target);
  try {
    await probe.run(body);
  } catch (error) {
    if (probe.misuse !== undefined) throw probe.misuse;
    throw failureOf(error, probe);
  }
  if (probe.misuse !== undefined) throw probe.misuse;
  if (target !== undefined && probe.passed < target.checkpoint) throw missed(probe.passed, target);
  return probe.passed;
}

function failureOf(error: unknown, { target, passed, place }: Probe): Error {
  const cause = messageOf(error);
  if (target === undefined) {
    return new Error(`cancelEverywhere: failed without a cancellation: ${cause}`, { cause: error });
  }
  const { checkpoint, moment, of = passed } = target;
  const where = place === '' ? '' : `\nThe checkpoint:\n${place}`;
  return new Error(
    `cancelEverywhere: cancelled at checkpoint ${String(checkpoint)} of ${String(of)}, ${moment}: ${cause}${where}\n` +
      `To see it again: cancelEverywhere(body, { at: '${String(checkpoint)}${TOKENS[moment]}' })`,
    { cause: error },
  );
}

const TOKENS: Record<Moment, string> = { 'on entry': '', 'after it': '+' };

function missed(passed: number, { checkpoint, of }: Target): InvalidStateError {
  const before = of === undefined ? '' : ` of the ${String(of)} it passed before`;
  return new InvalidStateError(
    `cancelEverywhere: the body passed ${counted(passed, 'checkpoint')}, and was to be cancelled at number ` +
      `${String(checkpoint)}${before}; let it start from nothing, without chance, real time and real I/O`,
  );
}
