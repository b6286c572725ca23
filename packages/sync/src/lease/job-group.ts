import { CancelScope, moveOnAfter, shield, taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { checkFunction, checkOptions, currentLoop, onDraining } from '@ambit/core/lowlevel';
import { ClosedError } from '../internal/errors.ts';
import type { WaitOptions } from '../internal/options.ts';
import { TaskTracker } from '../signals/task-tracker.ts';
import { checkLeaseName, checkMilliseconds } from './arguments.ts';
import type { LeaseTerms } from './hold-lease.ts';
import { checkJob, outcomeOf } from './job-work.ts';
import type { Outcome, Work } from './job-work.ts';

/** Options for {@link jobGroup}. @beta */
export interface JobGroupOptions {
  /** Shown in messages and in the task tree. Default `'jobs'`. */
  readonly name?: string | undefined;
  /** Milliseconds that running jobs have once the group ends; then they are cancelled. Default 30,000. */
  readonly grace?: number | undefined;
}

/** Options for {@link JobGroup.run}. @beta */
export interface JobOptions extends WaitOptions {
  /** The queue's own lease of the job, kept alive while it runs. */
  readonly lease?: LeaseTerms | undefined;
}

/** A job at work. @beta */
export interface Job {
  /** Its id. */
  readonly name: string;
  /** Cancelled with the job, and when its lease is lost. */
  readonly scope: CancelScope;
}

/** Runs jobs that a queue library hands over by calling back. @beta */
export interface JobGroup {
  /**
   * Runs one job, as a task of the group.
   *
   * @param id - names the job: 1 to 512 characters
   * @param body - runs in the job's scope
   * @param options - `signal`: aborting it cancels the job; `lease`: the queue's lease, kept alive while it runs
   * @returns the body's value, once the job has ended
   * @throws (rejects) what the body throws; `signal.reason`; the reason given to {@link cancel} if that is an Error,
   *   else a CancelledError; LeaseLostError; ClosedError once the group ends; RangeError for an id that runs already
   */
  run<T>(id: string, body: (job: Job) => T | PromiseLike<T>, options?: JobOptions): Promise<T>;
  /**
   * Cancels a job. Does not wait.
   *
   * @param id - names the job
   * @param reason - what its caller gets, if it is an Error
   * @returns false if no job of that id runs here
   */
  cancel(id: string, reason?: unknown): boolean;
  /** How many jobs run. */
  readonly size: number;
  /** The ids of the running jobs. */
  readonly ids: string[];
}

/**
 * Opens a group for the jobs of a queue library (BullMQ, pg-boss, graphile-worker) and ends it gracefully: once the
 * body has ended, failed or been cancelled, new jobs get a ClosedError, running ones have `grace` milliseconds, and the
 * rest is cancelled. Settles when all jobs have ended. A scope that drains ends it in the same way: new jobs are refused at
 * once, and a body that does not end by itself is cancelled a turn later. Queues deliver at least once.
 *
 * @beta
 * @param body - starts the queue's worker, and waits until it should stop
 * @param options - `grace`: milliseconds; `name`
 * @returns the body's value. Undefined if a draining scope has cut the body short, which its type leaves out. Where the value is
 *   needed and the scope may drain, let the body be typed to return `T | undefined`
 * @throws (rejects) what the body throws; the ambient scope's CancelledError
 * @example
 * await jobGroup(async (jobs) => {
 *   const worker = new Worker('mail', (job, token, signal) => jobs.run(job.id, () => send(job.data), { signal }));
 *   try {
 *     await sleepForever();
 *   } finally {
 *     await worker.close();
 *   }
 * });
 */
export function jobGroup<T>(
  body: (jobs: JobGroup) => T | PromiseLike<T>,
  options?: JobGroupOptions,
): Promise<T> {
  try {
    checkFunction('jobGroup', 'body', body);
    checkOptions('jobGroup', options);
  } catch (error) {
    return Promise.reject(error);
  }
  const { name = 'jobs', grace = 30_000 } = options ?? {};
  return taskGroup(async (group) => {
    checkLeaseName('jobGroup', 'name', name);
    if (grace !== Infinity) checkMilliseconds('jobGroup', 'grace', grace);
    const jobs = await openJobs(group, name);
    try {
      return await untilDrained(jobs, body, grace);
    } finally {
      await jobs._end(grace);
    }
  });
}

/**
 * Runs the body until it is asked to end: the time of the jobs begins then, also if the body waits for one of them. When
 * drained, it has a turn to end by itself: it may listen to the draining, too.
 */
async function untilDrained<T>(
  jobs: Jobs,
  body: (jobs: JobGroup) => T | PromiseLike<T>,
  grace: number,
): Promise<T> {
  const scope = new CancelScope();
  const draining = onDraining(() => {
    jobs._beginToEnd(grace);
    currentLoop().callNext(() => {
      scope.cancel();
    });
  });
  try {
    // Quietly, as each source of work ends: see the docs of `jobGroup`.
    return (await scope.run(() => body(jobs))) as T;
  } finally {
    draining[Symbol.dispose]();
  }
}

// A cancellation from outside reaches the body at once; the jobs, behind a shield, only when their time is up.
function openJobs(outer: TaskGroup, name: string): Promise<Jobs> {
  return outer.start<Jobs>(
    async (_, started) => {
      const shielded = new CancelScope({ shield: true, name });
      await shielded.run(() =>
        taskGroup(
          async (group) => {
            const jobs = new Jobs(group, name);
            started(jobs);
            await jobs._ended();
          },
          { name },
        ),
      );
    },
    { name },
  );
}

class Jobs implements JobGroup {
  readonly #group: TaskGroup;
  readonly #name: string;
  readonly #tracker = new TaskTracker();
  readonly #running = new Map<string, CancelScope>();
  #isClosed = false;
  #ending: Promise<void> | undefined;

  constructor(group: TaskGroup, name: string) {
    this.#group = group;
    this.#name = name;
  }

  get size(): number {
    return this.#running.size;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  async run<T>(
    id: string,
    body: (job: Job) => T | PromiseLike<T>,
    options?: JobOptions,
  ): Promise<T> {
    checkJob(id, body, options);
    this.#checkOpen(id);
    options?.signal?.throwIfAborted();
    const scope = new CancelScope({ name: id, signal: options?.signal });
    this.#running.set(id, scope);
    return this.#tracker.track(this.#work(scope, { id, body, lease: options?.lease }));
  }

  cancel(id: string, reason?: unknown): boolean {
    const scope = this.#running.get(id);
    scope?.cancel(reason);
    return scope !== undefined;
  }

  /** @internal Resolves once it is closed and no job runs. */
  _ended(): Promise<void> {
    return this.#tracker.wait();
  }

  /** @internal Takes no more jobs, and ends those that run, within the grace of the first call. */
  _end(grace: number): Promise<void> {
    this._beginToEnd(grace);
    return this.#ending as Promise<void>;
  }

  /** @internal Does not wait. */
  _beginToEnd(grace: number): void {
    this.#ending ??= this.#end(grace);
  }

  async #end(grace: number): Promise<void> {
    this.#isClosed = true;
    this.#tracker.close();
    await shield(() => moveOnAfter(grace, () => this._ended()));
    for (const id of this.ids) {
      const text = `${this.#name}: shut down; the job had ${String(grace)} ms to end`;
      this.cancel(id, new ClosedError(text));
    }
    await shield(() => this._ended());
  }

  #checkOpen(id: string): void {
    if (this.#isClosed) {
      throw new ClosedError(
        `${this.#name}: shutting down, takes no more jobs; let the queue give "${id}" to another node`,
      );
    }
    if (this.#running.has(id)) {
      throw new RangeError(
        `${this.#name}: the job ${JSON.stringify(id)} runs here already; wait until it has ended, or cancel it first`,
      );
    }
  }

  async #work<T>(scope: CancelScope, work: Work<T>): Promise<T> {
    const { id } = work;
    let outcome: Outcome<T> | undefined;
    const task = this.#group.spawn(
      async () => {
        outcome = await outcomeOf(scope, work);
      },
      { name: `${this.#name} ${id}` },
    );
    // The code that hands over a job waits until it has ended, cancelled or not: the queue would give it to another node.
    await shield(() => task);
    this.#running.delete(id);
    if (outcome?.is === 'returned') return outcome.value;
    throw outcome?.error;
  }
}
