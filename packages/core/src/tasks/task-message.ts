import { taskBegun } from '../diagnostics/channels.ts';
import { taskOf } from './current-group.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Task, TaskState } from './task.ts';

/** What the channels `ambit:task:spawn`, `ambit:task:begin` and `ambit:task:settle` publish. */
interface TaskMessage {
  readonly task: Task<unknown>;
  readonly id: number;
  readonly name: string;
  /** The id of the task that the group runs in, if it runs in one. */
  readonly parentId: number | undefined;
  readonly group: object;
  readonly scope: CancelScope;
  readonly state: TaskState;
  /** The same as `state`: its name in earlier releases. */
  readonly status: TaskState;
  /** Of a task that has failed, or was cancelled. */
  readonly error?: unknown;
}

export function messageOf(task: Task<unknown>): TaskMessage {
  const { id, name, group, scope, state } = task;
  const parent = taskOf(group.scope);
  const message = { task, id, name, parentId: parent?.id, group, scope, state, status: state };
  const isError = state === 'rejected' || state === 'cancelled';
  return isError ? { ...message, error: task._result } : message;
}

type Around = (call: () => unknown) => unknown;

/** The function that is called for a task's: with what the subscribers of `ambit:task:begin` put around it. */
export function announced(
  task: Task<unknown>,
  fn: (task: never) => unknown,
): (task: never) => unknown {
  let called = fn;
  const wrap = (around: Around): void => {
    const inner = called;
    called = (given) => around(() => inner(given));
  };
  taskBegun.publish({ ...messageOf(task), wrap });
  return called;
}
