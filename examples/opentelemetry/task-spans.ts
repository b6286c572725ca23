import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { currentTask, isCancelled } from '@ambit/core';
import type { CancelledError, CancelScope, Task, TaskStatus } from '@ambit/core';
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';

/**
 * Makes a span of each task from now on, until it is disposed. A task's span is within that of the task that
 * spawned it; a cancellation is an event in the span of the task that it concerns, or that called for it.
 * Costs nothing before it is made; what was spawned before has no span.
 */
export class TaskSpans implements Disposable {
  readonly #tracer: Tracer;
  readonly #spans = new WeakMap<Task<unknown>, Span>();
  /** The scopes that tasks and their groups brought along. */
  readonly #ofScope = new WeakMap<CancelScope, Span>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
    subscribe('ambit:task:spawn', this.#onSpawn);
    subscribe('ambit:task:settle', this.#onSettle);
    subscribe('ambit:scope:cancel', this.#onCancel);
  }

  [Symbol.dispose](): void {
    unsubscribe('ambit:task:spawn', this.#onSpawn);
    unsubscribe('ambit:task:settle', this.#onSettle);
    unsubscribe('ambit:scope:cancel', this.#onCancel);
  }

  /** For spans of your own: `tracer.startSpan('select', {}, taskSpans.context())` belongs to this task. */
  context(): Context {
    const span = this.#current();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  }

  #current(): Span | undefined {
    const task = currentTask();
    return task && this.#spans.get(task);
  }

  // Told where `spawn` was called: there the current task is the one that spawns.
  readonly #onSpawn = (message: unknown): void => {
    const { task } = message as { task: Task<unknown> };
    const parent = this.#current();
    const attributes = { 'ambit.task.id': task.id };
    const span = this.#tracer.startSpan(task.name, { attributes }, this.context());
    this.#spans.set(task, span);
    this.#ofScope.set(task.scope, span);
    const groupScope = task.group.scope;
    if (parent !== undefined && !this.#ofScope.has(groupScope))
      this.#ofScope.set(groupScope, parent);
  };

  readonly #onSettle = (message: unknown): void => {
    const { task, status, error } = message as {
      task: Task<unknown>;
      status: TaskStatus;
      error: unknown;
    };
    const span = this.#spans.get(task);
    if (span === undefined) return;
    span.setAttribute('ambit.task.status', status);
    if (isCancelled(error)) span.setAttribute('ambit.cancel.source', error.source);
    if (status === 'rejected') {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    }
    span.end();
  };

  readonly #onCancel = (message: unknown): void => {
    const { scope, reason } = message as { scope: CancelScope; reason: CancelledError };
    const span = this.#ofScope.get(scope) ?? this.#current();
    span?.addEvent(`cancel (${reason.source})`, { 'ambit.scope.name': scope.name });
  };
}
