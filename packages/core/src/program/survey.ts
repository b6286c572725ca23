import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { runOf } from './running.ts';
import { taskOf } from '../tasks/current-group.ts';
import type { Registration } from '../scope/propagation.ts';
import { DAEMON } from '../waiting/marks.ts';
import { Waiter } from '../waiting/waiter.ts';
import type { TaskState, Task } from '../tasks/task.ts';

/** A group or a task, with what is inside it. */
export interface TaskTreeNode {
  /** What it is. */
  readonly kind: 'run' | 'group' | 'task';
  /** As given, or the name of the function. */
  readonly name: string;
  /** Of a task. */
  readonly state?: TaskState;
  /** Of a task: milliseconds since it was spawned. */
  readonly age?: number;
  /** Of a task that was cancelled and has not ended: for how many milliseconds. */
  readonly cancelledFor?: number;
  /** It has outlived the `grace` of its group, or of a scope around it: the call that waited for it has rejected. */
  readonly straggler?: true;
  /** The instant at which it, or a scope between it and its children, is cancelled. */
  readonly deadline?: number;
  /** Of a task: its `id`. */
  readonly id?: number;
  /** Of a daemon: its group does not wait for it. */
  readonly isDaemon?: true;
  /** Of a task, in debug mode: where it was spawned. */
  readonly spawned?: string;
  /** For how many milliseconds its deadline has been ignored. */
  readonly overdue?: number;
  /** How many equal siblings are shown as this one, in a `snapshot` of `@ambit/core/inspect`; left out: 1. */
  readonly count?: number;
  /** What the code in it waits for, apart from its children. */
  readonly waitsFor: readonly string[];
  /** What is inside it. */
  readonly children: readonly TaskTreeNode[];
}

/** A node that is being written. */
export type Draft = { -readonly [K in keyof Plain]: Plain[K] } & {
  readonly waitsFor: string[];
  readonly children: Draft[];
};

type Plain = Omit<TaskTreeNode, 'waitsFor' | 'children'>;

/** Where the walk goes on when what is below has been looked at. */
interface Step {
  next: Registration | undefined;
  readonly draft: Draft;
  /** In something that has outlived its grace. */
  readonly isLeft: boolean;
}

/** Walks the tree of scopes, without recursion: it may be deeper than the stack. */
export class Survey {
  readonly #place: (around: Draft, draft: Draft) => void;
  /** The tasks with a wait that names the tasks it is blocked by. */
  readonly blocked: Set<Task<unknown>> = new Set();
  #now = 0;

  /** `place`: puts a draft, which is complete, into the one around it. */
  constructor(place: (around: Draft, draft: Draft) => void = putInside) {
    this.#place = place;
  }

  of(root: CancelScope, name = 'run'): Draft {
    this.#now = root._runtime.loop.now();
    const draft = draftOf(root, 'run', name);
    const trail: Step[] = [{ next: root._first, draft, isLeft: false }];
    for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
      const { next } = here;
      if (next === undefined) {
        trail.pop();
        this.#complete(here.draft, trail.at(-1)?.draft);
        continue;
      }
      here.next = next._next;
      if (next instanceof Waiter) this.#wait(here, next);
      else if (next instanceof AnyScope) {
        const isLeft = here.isLeft || next._isLeft;
        const draft = this.#draftIn(here.draft, next);
        if (isLeft && draft !== here.draft) draft.straggler = true;
        trail.push({ next: next._first, draft, isLeft });
      }
    }
    return draft;
  }

  /** What is found in the scope goes into this draft. */
  #draftIn(around: Draft, scope: CancelScope): Draft {
    const task = taskOf(scope);
    if (runOf(scope._runtime)?.scope === scope) return this.#runDraft(scope);
    if (task?.scope !== scope && scope._owner === undefined) {
      // A scope that is neither a task's nor a group's belongs to the code around it.
      tighten(around, scope._deadline);
      return around;
    }
    const draft =
      task?.scope === scope ? this.#taskDraft(task) : draftOf(scope, 'group', scope.name);
    return draft;
  }

  #complete(draft: Draft, around: Draft | undefined): void {
    if (draft === around) return;
    const late = this.#now - (draft.deadline ?? Infinity);
    if (late > 0) draft.overdue = late;
    if (around !== undefined) this.#place(around, draft);
  }

  #wait({ draft, isLeft }: Step, waiter: Waiter<unknown>): void {
    const mark = isLeft ? ' (straggler)' : '';
    draft.waitsFor.push(`${this.#describe(waiter)}${mark}`);
    if (waiter.blockedBy === undefined) return;
    const host = waiter._host as CancelScope | undefined;
    const task = host === undefined ? undefined : taskOf(host);
    if (task !== undefined) this.blocked.add(task);
  }

  // Has a clock of its own.
  #runDraft(scope: CancelScope): Draft {
    this.#now = scope._runtime.loop.now();
    return draftOf(scope, 'run', 'run');
  }

  #taskDraft(task: Task<unknown>): Draft {
    const draft = draftOf(task.scope, 'task', task.name);
    draft.state = task._stateSoFar();
    draft.age = this.#now - task._born;
    draft.id = task.id;
    if (task._is(DAEMON)) draft.isDaemon = true;
    if (task._spawnSite !== undefined) draft.spawned = task._spawnSite;
    // Not by the clock: a picture cancels nothing.
    const since = task.scope._here()._reason?._since;
    if (since !== undefined) draft.cancelledFor = this.#now - since;
    return draft;
  }

  #describe(waiter: Waiter<unknown>): string {
    const given = typeof waiter.name === 'function' ? waiter.name() : waiter.name;
    const name = given === '' ? 'a wait without a name' : given;
    if (waiter.until === undefined) return name;
    return `${name} ${formatTime(waiter.until - this.#now)}`;
  }
}

function draftOf(scope: CancelScope, kind: TaskTreeNode['kind'], name: string): Draft {
  const draft: Draft = { kind, name, waitsFor: [], children: [] };
  tighten(draft, scope._deadline);
  return draft;
}

function putInside(around: Draft, draft: Draft): void {
  around.children.push(draft);
}

function tighten(draft: Draft, deadline: number): void {
  if (deadline < (draft.deadline ?? Infinity)) draft.deadline = deadline;
}

export function formatTime(ms: number): string {
  if (ms === Infinity) return 'forever';
  return ms < 1000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
