import { onAbort } from '../abort/on-abort.ts';
import { checkFunction } from '../internal/check.ts';
import { Runtime } from '../loop/runtime.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { afterRealTime } from './host.ts';
import { Owners } from './owners.ts';
import { treeOf, trial } from './trial.ts';
import { VirtualLoop } from './virtual-loop.ts';

/** What the body of a test gets from a fixture. */
export interface AmbientTest {
  /** The group of the test. The test waits for its tasks. */
  readonly group: TaskGroup;
  /** The virtual loop of the test. */
  readonly loop: VirtualLoop;
}

/** The body of a test that a fixture runs. */
export type AmbientBody = (test: AmbientTest) => unknown;

/** When a runner ends a test. */
export interface RunnerLimits {
  /** Real milliseconds from now. Default: none. */
  readonly timeout?: number | undefined;
  /** Aborted when the runner has given the test up. */
  readonly signal?: AbortSignal | undefined;
  /** Shows what the test was doing when its runner gave it up: too late for an error. */
  readonly tell?: ((text: string) => void) | undefined;
}

export function checkAmbient(body: unknown): void {
  checkFunction('ambient', 'body', body);
}

/**
 * Runs the body of a test as `testRun` does, until the runner's own time limit. A little before that the test
 * is cancelled, so that its cleanup runs, and fails with the task tree as it was then. A test that does not
 * end after its cancellation fails before the runner gives up too: the runner would not say where it waits.
 */
export async function runAmbient(body: AmbientBody, limits: RunnerLimits): Promise<void> {
  const { timeout = Infinity, signal, tell } = limits;
  const loop = new VirtualLoop();
  // Debug mode keeps where tasks were spawned.
  const runtime = new Runtime(loop, { debug: true });
  const owners = new Owners(runtime);
  const ending = new Ending();
  const margin = Math.min(timeout / 10, USUAL_MARGIN);
  const hooks = [
    owners,
    signal && onAbort(signal, () => tell?.(ending.begin(GIVEN_UP))),
    untilEnd(timeout - 2 * margin, () => ending.begin(overdue(timeout))),
  ];
  const describe = (): string => owners.describe();
  try {
    await trial((group) => body(ending.watch({ group, loop })), {
      ...{ loop, runtime, describe },
      begin: ({ scope }) => (ending.tree = () => treeOf(scope, describe)),
      limit: timeout - margin,
    });
  } catch (error) {
    ending.check(error);
    throw error;
  } finally {
    for (const hook of hooks) hook?.[Symbol.dispose]();
  }
  ending.check();
}

/** Ends a test before its time is over, and keeps what it was doing then. */
class Ending {
  tree: () => string = () => '';
  #group: TaskGroup | undefined;
  #text: string | undefined;

  /** Begins to look after a test, which may be over already. */
  watch(test: AmbientTest): AmbientTest {
    this.#group = test.group;
    if (this.#text !== undefined) test.group.cancel(this.#text);
    return test;
  }

  begin(why: string): string {
    if (this.#text !== undefined) return this.#text;
    this.#text = `${why}:\n${this.tree()}`;
    this.#group?.cancel(why);
    return this.#text;
  }

  check(cause?: unknown): void {
    if (this.#text !== undefined) throw new Error(this.#text, { cause });
  }
}

/** Real milliseconds that a test has left for its cleanup. */
const USUAL_MARGIN = 100;

const GIVEN_UP = 'the test runner gave the test up while it did this';

function untilEnd(ms: number, callback: () => void): Disposable | undefined {
  if (ms === Infinity) return undefined;
  return { [Symbol.dispose]: afterRealTime(ms, callback) };
}

function overdue(timeout: number): string {
  return (
    `the test is about to exceed its time limit of ${String(timeout)} ms; ` +
    'it was cancelled while it did this'
  );
}
