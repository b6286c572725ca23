import { ambient } from '../loop/ambient.ts';
import { InvalidStateError } from '../internal/errors.ts';
import type { Run } from '../program/run.ts';
import { allTasks } from '../program/task-tree.ts';
import { currentTask } from '../tasks/current-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import type { OrderStep } from './order-error.ts';
import { choicesOf } from './order-path.ts';
import type { Path } from './order-path.ts';
import { randomOf } from './random.ts';
import { Schedule } from './schedule.ts';
import type { Choice } from './schedule.ts';
import { trial, USUAL_LIMIT } from './trial.ts';
import { VirtualLoop } from './virtual-loop.ts';

/** The choice at a step, of a number of choices; `usual`: how many of them are not extras. */
export type Pick = (step: number, count: number) => number;

export interface Circumstances {
  /** Which tasks are cancelled too. */
  readonly cancel?: ((task: Task<unknown>) => boolean) | undefined;
  readonly clock?: 'quiet' | 'free' | undefined;
}

/** A step at which there was a choice. */
interface TracedStep extends OrderStep {
  readonly choice: number;
  readonly count: number;
  /**
   * A number that represents all that could happen up to this step, and for what was chosen before it. A
   * run of the same body in the same order has the same.
   */
  readonly print: number;
}

/** What a run of the body in one order did. */
export interface Trace {
  readonly steps: readonly TracedStep[];
  /** As of a step, for the whole run. */
  readonly print: number;
  readonly failure: { readonly error: unknown } | undefined;
}

type Body = (group: TaskGroup, loop: VirtualLoop) => unknown;

/** Runs the body in the order of a path. */
export async function follow(
  body: Body,
  path: Path | undefined,
  circumstances: Circumstances,
): Promise<Trace> {
  const trace = await new OrderTrial(choicesOf(path), circumstances).run(body);
  if (path === undefined) return trace;
  const last = trace.steps[path.step];
  const isOther = path.print !== undefined && last?.print !== path.print;
  if (isOther || last === undefined || path.choice >= last.count) {
    throw otherBody(trace.failure?.error);
  }
  return trace;
}

export function otherBody(cause?: unknown): InvalidStateError {
  return new InvalidStateError(
    'everyOrder: the body did something else when it ran again in the same order; let it start from ' +
      'nothing, without chance (Math.random), real time (Date.now) and real I/O. A token holds for one version of the body',
    cause === undefined ? undefined : { cause },
  );
}

/** One run of a body, in an order that a function picks. */
export class OrderTrial {
  readonly #pick: Pick;
  readonly #loop = new VirtualLoop();
  readonly #schedule: Schedule;
  readonly #cancel: ((task: Task<unknown>) => boolean) | undefined;
  readonly #steps: TracedStep[] = [];
  #refusal: { readonly error: unknown } | undefined;
  #print = 0;
  #run: Run | undefined;
  #main: Task<unknown> | undefined;

  constructor(pick: Pick, { cancel, clock }: Circumstances) {
    this.#pick = pick;
    this.#cancel = cancel;
    const extras = cancel === undefined ? undefined : this.#cancellations;
    this.#schedule = new Schedule(this.#loop, { choose: this.#choose, extras, clock });
  }

  async run(body: Body): Promise<Trace> {
    const main: Body = (group, loop) => {
      this.#main = currentTask();
      return body(group, loop);
    };
    const failure = await trial(main, {
      loop: this.#loop,
      limit: USUAL_LIMIT,
      random: randomOf(1),
      schedule: this.#schedule,
      isClosed: true,
      begin: (run) => (this.#run = run),
    }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (this.#refusal !== undefined) throw this.#refusal.error;
    return { steps: this.#steps, print: this.#print, failure };
  }

  readonly #choose = (choices: readonly Choice[], usual: number): number => {
    const texts = choices.map((choice) => this.#stable(choice.text()));
    for (const text of texts) this.#note(text);
    if (choices.length === 1) return 0;
    const choice = this.#pick(this.#steps.length, choices.length);
    this.#steps.push({
      happens: texts[choice] ?? '',
      instead: texts.filter((_, at) => at !== choice && at < usual),
      isDeviation: choice !== 0,
      choice,
      count: choices.length,
      print: this.#print,
    });
    this.#note(String(choice));
    return choice;
  };

  // Ids of tasks count up in the process: in two runs they differ.
  #stable(text: string): string {
    const first = this.#main?.id ?? 0;
    return text.replaceAll(/\btask-(\d+)\b/g, (_, id) => `task-${String(Number(id) - first)}`);
  }

  // FNV-1a, by Fowler, Noll and Vo.
  #note(text: string): void {
    let print = this.#print;
    for (let at = 0; at < text.length; at += 1) {
      print = Math.imul(print ^ text.charCodeAt(at), 0x01_00_01_93);
    }
    this.#print = (print + text.length + 1) | 0;
  }

  readonly #cancellations = (): Choice[] => {
    const run = this.#run;
    if (run === undefined) return [];
    const tasks = [...ambient.run(run.scope, allTasks)];
    return tasks.filter((task) => this.#isVictim(task)).map(cancellationOf);
  };

  // Each once. Not the body itself: that would fail.
  #isVictim(task: Task<unknown>): boolean {
    if (task === this.#main || task.scope._reasonOfStarted() !== undefined) return false;
    try {
      return this.#cancel?.(task) === true;
    } catch (error) {
      // The loop calls it: there the error would end the process.
      this.#refusal ??= { error };
      return false;
    }
  }
}

function cancellationOf(task: Task<unknown>): Choice {
  return {
    text: () => `${task.name} is cancelled by everyOrder`,
    run: () => void task.cancel('everyOrder'),
  };
}
