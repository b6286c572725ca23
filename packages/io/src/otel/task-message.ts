import type { CancelledError, CancelScope, Task, TaskState } from '@ambit/core';

/** The message of `ambit:task:spawn` and `ambit:task:settle`. */
export interface TaskMessage {
  readonly task: Task<unknown>;
  readonly state: TaskState;
  readonly error?: unknown;
}

/** The message of `ambit:task:begin`. */
export interface BeginMessage extends TaskMessage {
  readonly wrap: (around: (call: () => unknown) => unknown) => void;
}

/** The message of `ambit:scope:cancel`. */
export interface CancelMessage {
  readonly scope: CancelScope;
  readonly reason: CancelledError;
}

/** The message of `ambit:queue:open`. */
export interface QueueMessage {
  readonly queue: { readonly size: number };
  readonly name: string;
}
