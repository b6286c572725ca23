import { hostNow } from '../loop/event-loop.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { OrderError } from './order-error.ts';
import { tokenOf } from './order-path.ts';
import type { Path } from './order-path.ts';
import { follow, OrderTrial, otherBody } from './order-trial.ts';
import type { Circumstances, Trace } from './order-trial.ts';
import { drawn, randomOf } from './random.ts';
import type { VirtualLoop } from './virtual-loop.ts';

export interface SearchOptions extends Circumstances {
  readonly limit: number;
  /** Real milliseconds. */
  readonly time: number;
  readonly deviations: number;
}

interface Found {
  readonly tried: number;
  readonly isComplete: boolean;
  readonly total: number;
  readonly deviations: number;
}

type Body = (group: TaskGroup, loop: VirtualLoop) => unknown;

// How often the usual order is run again, to see whether the body does the same.
const CHECKS = 3;
// The estimate: at most this number of random orders, and the part of the time that is kept for them.
const DESCENTS = 200;
const SHARE = 0.1;

/**
 * A stateless search with replay. Running the body along a path tells at which later steps something else
 * could have happened: each of those is a path of its own, with one deviation more. They are tried level by
 * level, by the number of their deviations. So each order comes exactly once, only the paths of one level
 * are kept, the first failure has the fewest deviations there are, and the search is complete when a level
 * is empty.
 *
 * Orders that differ only in steps that do not concern each other are tried too. To leave them out one had
 * to know which steps commute; a step is any JavaScript on any variable, so a wrong guess would hide bugs.
 */
export class OrderSearch {
  readonly #body: Body;
  readonly #options: SearchOptions;
  readonly #end: number;
  #tried = 0;
  /** The orders of the present level that were not tried, and those of the next one that are known. */
  #known = 0;

  constructor(body: Body, options: SearchOptions) {
    this.#body = body;
    this.#options = options;
    this.#end = hostNow() + options.time;
  }

  async only(path: Path | undefined): Promise<Found> {
    const { steps } = await this.#try(path);
    return { tried: 1, isComplete: false, total: branchingOf(steps), deviations: -1 };
  }

  async all(): Promise<Found> {
    let level = await this.#usual();
    let deviations = 0;
    while (level.length > 0 && deviations < this.#options.deviations) {
      const next = await this.#tryLevel(level);
      if (next === undefined) return this.#incomplete(deviations);
      level = next;
      deviations += 1;
    }
    if (level.length > 0) return this.#incomplete(deviations);
    return { tried: this.#tried, isComplete: true, total: this.#tried, deviations };
  }

  /** Tries the usual order, several times. */
  async #usual(): Promise<Path[]> {
    const trace = await this.#try(undefined);
    for (let check = 0; check < CHECKS; check += 1) {
      const again = await follow(this.#body, undefined, this.#options);
      if (again.print !== trace.print || again.failure !== undefined) {
        throw otherBody(again.failure?.error);
      }
    }
    const paths = [...after(undefined, trace)];
    this.#known = paths.length;
    return paths;
  }

  /** Returns the next level; undefined if the budget did not suffice. */
  async #tryLevel(level: readonly Path[]): Promise<Path[] | undefined> {
    const { limit, time } = this.#options;
    const next: Path[] = [];
    for (const path of level) {
      if (this.#tried >= limit || hostNow() > this.#end - SHARE * time) return undefined;
      const trace = await this.#try(path);
      this.#known -= 1;
      for (const below of after(path, trace)) {
        this.#known += 1;
        // No more of them can be tried.
        if (next.length <= limit - this.#tried) next.push(below);
      }
    }
    return next;
  }

  async #try(path: Path | undefined): Promise<Trace> {
    const trace = await follow(this.#body, path, this.#options);
    this.#tried += 1;
    if (trace.failure !== undefined) throw this.#error(path, trace);
    return trace;
  }

  #error(path: Path | undefined, { steps, failure }: Trace): OrderError {
    const found = {
      order: tokenOf(path),
      tried: this.#tried,
      steps: steps.map(({ happens, instead, isDeviation }) => ({ happens, instead, isDeviation })),
    };
    return new OrderError(found, failure?.error);
  }

  async #incomplete(deviations: number): Promise<Found> {
    const tried = this.#tried;
    const total = Math.max(tried + this.#known, await this.#estimate());
    return { tried, isComplete: false, total, deviations };
  }

  /**
   * After Knuth, 1975: the mean, over random ways down a tree, of the product of their branchings is the
   * number of its leaves.
   */
  async #estimate(): Promise<number> {
    const random = randomOf(1);
    let sum = 0;
    let descents = 0;
    do {
      const pick = (_: number, count: number): number => drawn(random, count);
      const trace = await new OrderTrial(pick, this.#options).run(this.#body);
      descents += 1;
      if (trace.failure !== undefined) {
        this.#tried += 1;
        throw this.#error(pathAlong(trace), trace);
      }
      sum += branchingOf(trace.steps);
    } while (descents < DESCENTS && hostNow() < this.#end);
    return Math.round(sum / descents);
  }
}

function branchingOf(steps: Trace['steps']): number {
  return steps.reduce((product, { count }) => product * count, 1);
}

/** The orders that differ from this one in one later choice. */
function* after(path: Path | undefined, { steps }: Trace): Generator<Path> {
  for (let step = (path?.step ?? -1) + 1; step < steps.length; step += 1) {
    const { count, print } = steps[step] as Trace['steps'][number];
    for (let choice = 1; choice < count; choice += 1) yield { before: path, step, choice, print };
  }
}

/** The order that a run had. */
function pathAlong({ steps }: Trace): Path | undefined {
  let path: Path | undefined;
  for (const [step, { choice }] of steps.entries()) {
    if (choice !== 0) path = { before: path, step, choice };
  }
  return path;
}
