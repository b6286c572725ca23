import { nameErrors } from '../internal/name-errors.ts';

/** One of those that had not ended when the time for it was over. */
export interface Straggler {
  /** The name of the task, or of the wait. */
  readonly name: string;
  /** Where it is in the tree: the names of the groups and tasks around it and its own, joined by `' > '`. */
  readonly path: string;
  /** Milliseconds since it was cancelled. */
  readonly cancelledFor: number;
}

// A message names that many; all are in `tasks`.
const MOST_TOLD = 20;

/**
 * What was cancelled has not ended within its `grace`. The rest goes on under the scope around it, which
 * waits for it. The `cause` is the error that would have come out otherwise, or undefined.
 *
 * @example
 * if (error instanceof StragglersError) console.error(error.tasks.map(({ path }) => path));
 */
export class StragglersError extends Error {
  /** What is left. */
  readonly tasks: readonly Straggler[];

  static {
    nameErrors(this, 'StragglersError');
  }

  /** `label`: what has not ended; `grace`: milliseconds. */
  constructor(
    { label, grace }: { readonly label: string; readonly grace: number },
    tasks: readonly Straggler[],
    cause: unknown,
  ) {
    const given = `${String(Math.round(grace))} ms`;
    super(
      `${label} has not ended within ${given} of its cancellation (grace); still there: ${listOf(tasks)}. ` +
        'Make it end when it is cancelled, or give more grace',
      cause === undefined ? undefined : { cause },
    );
    this.tasks = tasks;
  }
}

function listOf(tasks: readonly Straggler[]): string {
  const told = tasks.slice(0, MOST_TOLD).map(({ name, path }) => `"${name}" (${path})`);
  if (tasks.length > MOST_TOLD) told.push(`and ${String(tasks.length - MOST_TOLD)} more`);
  return told.join(', ');
}
