import {
  allTasks,
  isCancelled,
  shield,
  sleep,
  suppressedErrors,
  taskGroup,
  TaskGroupError,
} from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import * as fc from 'fast-check';

/** What a task does, in order; `group` runs tasks of its own. */
type Step =
  | { readonly does: 'sleep' | 'shielded sleep'; readonly ms: number; readonly swallows: boolean }
  | { readonly does: 'fail' }
  | { readonly does: 'cancel'; readonly whom: number }
  | ({ readonly does: 'group' } & Plan);

interface Plan {
  readonly onFailure: 'cancel' | 'continue';
  readonly limit: number;
  readonly children: readonly Child[];
  /** What the body does after it has spawned the children. */
  readonly body: readonly Step[];
  /** Whether the body then joins the group, and whether somebody catches what the group throws. */
  readonly joins: boolean;
  readonly isCaught: boolean;
}

interface Child {
  readonly kind: 'spawned' | 'daemon' | 'started';
  readonly steps: readonly Step[];
  /** What its `finally` does. */
  readonly cleanup: 'nothing' | 'sleep' | 'fail';
}

const { plan } = fc.letrec<{ plan: Plan; step: Step; child: Child }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'groups' },
    fc.record({
      does: fc.constantFrom('sleep' as const, 'shielded sleep' as const),
      ms: fc.nat(5),
      swallows: fc.boolean(),
    }),
    fc.record({ does: fc.constant('fail' as const) }),
    fc.record({ does: fc.constant('cancel' as const), whom: fc.nat(20) }),
    tie('plan').map((inner) => ({ does: 'group' as const, ...inner })),
  ),
  child: fc.record({
    kind: fc.constantFrom('spawned' as const, 'daemon' as const, 'started' as const),
    steps: fc.array(tie('step'), { maxLength: 3, depthIdentifier: 'groups' }),
    cleanup: fc.constantFrom(
      'nothing' as const,
      'nothing' as const,
      'sleep' as const,
      'fail' as const,
    ),
  }),
  plan: fc.record({
    onFailure: fc.constantFrom('cancel' as const, 'cancel' as const, 'continue' as const),
    limit: fc.constantFrom(1, 2, Infinity),
    children: fc.array(tie('child'), { maxLength: 4, depthIdentifier: 'groups' }),
    body: fc.array(tie('step'), { maxLength: 2, depthIdentifier: 'groups' }),
    joins: fc.boolean(),
    isCaught: fc.boolean(),
  }),
}));

interface Account {
  readonly tasks: Task<unknown>[];
  readonly counter: { running: number; readonly limit: number };
}

/** Carries a plan out and keeps account. */
class Execution {
  /** What was thrown by somebody, and what was handled by somebody. */
  readonly thrown: Error[] = [];
  readonly handled: unknown[] = [];
  readonly violations: string[] = [];
  readonly #tasks: Task<unknown>[] = [];

  async group(plan: Plan): Promise<void> {
    try {
      await this.#group(plan);
    } catch (error) {
      if (!plan.isCaught || isCancelled(error)) throw error;
      this.handled.push(error);
    }
  }

  async #group(plan: Plan): Promise<void> {
    const tasks: Task<unknown>[] = [];
    const counter = { running: 0, limit: plan.limit };
    let group: TaskGroup | undefined;
    try {
      await taskGroup(async (own) => {
        group = own;
        for (const child of plan.children) await this.#begin(own, child, { tasks, counter });
        await this.#steps(plan.body);
        this.#checkList(own);
        if (plan.joins) await own.join();
      }, plan);
    } finally {
      // I1
      const isOver = counter.running === 0 && group?.size === 0;
      this.#check(isOver, 'a group has settled before its children');
      for (const task of tasks) this.#checkEnd(task);
    }
  }

  async #begin(group: TaskGroup, child: Child, { tasks, counter }: Account): Promise<void> {
    const work = async (task: Task<unknown>, started?: (value: string) => void): Promise<void> => {
      tasks.push(task);
      this.#tasks.push(task);
      counter.running += 1;
      this.#check(counter.running <= counter.limit, 'more tasks run than the limit says');
      try {
        await this.#child(child, started);
      } finally {
        counter.running -= 1;
      }
    };
    if (child.kind === 'started') await group.start(work);
    // With a limit, a daemon could keep the others waiting forever.
    else
      group.spawn((task) => work(task), {
        daemon: child.kind === 'daemon' && counter.limit === Infinity,
      });
    this.#checkList(group);
  }

  async #child({ steps, cleanup }: Child, started?: (value: string) => void): Promise<void> {
    try {
      if (started !== undefined) await sleep(1);
      started?.('ready');
      await this.#steps(steps);
    } catch (error) {
      // What fails in a `finally` replaces what is on its way, as JavaScript does.
      if (cleanup === 'fail') this.handled.push(error);
      throw error;
    } finally {
      if (cleanup === 'sleep') await shield(() => sleep(2));
      if (cleanup === 'fail') await this.#fail();
    }
  }

  async #steps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step(step: Step): Promise<void> {
    if (step.does === 'fail') await this.#fail();
    else if (step.does === 'cancel') this.#tasks[step.whom % this.#tasks.length]?.cancel();
    else if (step.does === 'group') await this.group(step);
    else if (step.does === 'shielded sleep') await shield(() => sleep(step.ms));
    else if (step.swallows) await sleep(step.ms).catch(() => undefined);
    else await sleep(step.ms);
  }

  #fail(): Promise<never> {
    const error = new Error(`failure ${String(this.thrown.length)}`);
    this.thrown.push(error);
    return Promise.reject(error);
  }

  #checkList(group: TaskGroup): void {
    const listed = [...group.tasks];
    this.#check(listed.length === group.size, 'size and tasks differ');
    this.#check(
      listed.every((task) => !task.done),
      'a task that has ended is in its group',
    );
  }

  #checkEnd(task: Task<unknown>): void {
    this.#check(task.done, 'a task outlives its group');
    if (!task.done) return;
    const error = task.error();
    const expected =
      error === undefined ? 'fulfilled' : task.scope.reason === error ? 'cancelled' : 'rejected';
    this.#check(task.state === expected, `a task is ${task.state}, not ${expected}`);
  }

  #check(isTrue: boolean, violation: string): void {
    if (!isTrue) this.violations.push(violation);
  }
}

/** An error and all that it carries: suppressed ones, and those of aggregates. */
function reach(error: unknown, reached = new Set<unknown>()): Set<unknown> {
  if (reached.has(error)) return reached;
  reached.add(error);
  for (const below of suppressedErrors(error)) reach(below, reached);
  if (error instanceof TaskGroupError) for (const below of error.errors) reach(below, reached);
  return reached;
}

test('whatever a tree of groups does: all end, no error is lost, and nothing is left', () =>
  fc.assert(
    fc.asyncProperty(plan, fc.option(fc.nat(12), { nil: undefined }), async (plan, cancelAfter) => {
      const execution = new Execution();
      const outcome = await testRun(async (outer) => {
        const task = outer.spawn(() =>
          execution.group(plan).catch((error: unknown) => {
            execution.handled.push(error);
          }),
        );
        if (cancelAfter !== undefined) {
          await sleep(cancelAfter);
          task.cancel();
        }
        await task.join().catch(() => undefined);
        // main, this task's owner, and nobody else
        return [...allTasks()].map(({ name }) => name);
      });
      expect(outcome).toEqual(['main']);
      expect(execution.violations).toEqual([]);
      const reached = new Set<unknown>();
      for (const error of execution.handled) reach(error, reached);
      expect(execution.thrown.filter((error) => !reached.has(error))).toEqual([]);
    }),
    { numRuns: 300 },
  ));
