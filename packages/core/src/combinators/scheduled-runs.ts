import { ambient } from '../loop/ambient.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import type { ScheduleOptions } from './schedule.ts';
import { claimTick } from './tick-claim.ts';

interface RunParts {
  readonly fn: (due: Date) => unknown;
  readonly name: string;
}

/** The runs of one schedule, and what a tick does while another run is at work. */
export class Runs {
  readonly #group: TaskGroup;
  readonly #fn: (due: Date) => unknown;
  readonly #name: string;
  /** The caller's own object: `onError` is called on it. */
  readonly #options: ScheduleOptions;
  /** The instants whose runs have still to come, in order. */
  readonly #queue: Date[] = [];
  #latest: Task<void> | undefined;

  constructor(group: TaskGroup, { fn, name }: RunParts, options: ScheduleOptions) {
    this.#group = group;
    this.#fn = fn;
    this.#name = name;
    this.#options = options;
  }

  get losesNone(): boolean {
    return this.#options.overlap === 'queue';
  }

  /** A tick has come. */
  begin(due: Date): void {
    const previous = this.#latest?.done === false ? this.#latest : undefined;
    const { overlap = 'skip' } = this.#options;
    if (previous !== undefined && overlap === 'skip') return;
    if (overlap === 'queue') this.#queue.push(due);
    if (previous !== undefined && overlap === 'queue') return;
    previous?.cancel('the next tick of the schedule has come');
    this.#latest = this.#group.spawn<void>((task) => this.#work(task, due, previous), {
      name: this.#name,
    });
  }

  async #work(task: Task<void>, due: Date, previous: Task<void> | undefined): Promise<void> {
    if (previous !== undefined) await previous.stop();
    // By hand: without AsyncLocalStorage the `await` above is the end of the frame.
    if (this.#options.overlap !== 'queue') return this.#run(task, due);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#run(task, next);
    }
  }

  async #run({ scope }: Task<void>, due: Date): Promise<void> {
    const { onError, once } = this.#options;
    const fn = this.#fn;
    try {
      const isOurs =
        once === undefined || (await ambient.run(scope, () => claimTick(once, this.#name, due)));
      // By hand: as above.
      if (isOurs) await ambient.run(scope, () => fn(due));
    } catch (error) {
      if (onError === undefined || scope.reason !== undefined) throw error;
      onError.call(this.#options, error);
    }
  }
}
