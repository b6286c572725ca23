import { isCancelled } from '@ambit/core';
import type { CancelScope, Task } from '@ambit/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestAnsweredBy } from '../http/current-request.ts';
import type { CurrentRequest } from '../http/current-request.ts';
import type { OtelApi, OtelContext, OtelSpan, OtelTracer } from './otel-api.ts';
import { attributesOf, describeEnd, methodOf } from './request-span.ts';
import { spanNameOf } from './span-name.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { BeginMessage, CancelMessage, TaskMessage } from './task-message.ts';

/** What the spans are made with. */
export interface SpanOptions {
  /** Called with the span of a request before its handler is called. */
  readonly requestHook?:
    ((span: OtelSpan, request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Whether each task gets a span. If not, only requests do. */
  readonly taskSpans: boolean;
}

/** A span and what it is of. */
interface Entry {
  readonly span: OtelSpan;
  readonly request: CurrentRequest | undefined;
  /** A span of another instrumentation, which ends it. */
  readonly isForeign: boolean;
}

/**
 * Makes the spans. A task's span begins when its function is called, and is the active one in it: libraries with an
 * instrumentation of their own find it by `context.active()`. Its parent is the span that is active where `spawn` was called,
 * because a task runs in the context of its spawner. The span of a request begins a trace, or continues that of the client.
 */
export class TaskSpans {
  readonly #api: OtelApi;
  readonly #options: SpanOptions;
  readonly #tracer: OtelTracer;
  readonly #entries = new WeakMap<Task<unknown>, Entry>();
  /** The spans that were made here. */
  readonly #own = new WeakSet<OtelSpan>();
  /** Of the scopes of tasks, and of their groups. */
  readonly #ofScope = new WeakMap<CancelScope, OtelSpan>();

  constructor(api: OtelApi, options: SpanOptions, subscriptions: Subscriptions) {
    this.#api = api;
    this.#options = options;
    this.#tracer = api.trace.getTracer('@ambit/io');
    subscriptions.on('ambit:task:begin', (message) => {
      this.#begin(message);
    });
    subscriptions.on('ambit:task:settle', (message) => {
      this.#settle(message);
    });
    subscriptions.on('ambit:scope:cancel', (message) => {
      this.#cancel(message);
    });
  }

  #begin({ task, wrap }: BeginMessage): void {
    const request = requestAnsweredBy(task);
    if (request === undefined && !this.#options.taskSpans) return;
    const active = this.#api.context.active();
    const [entry, around] =
      request === undefined ? this.#ofTask(task, active) : this.#ofRequest(request, active);
    this.#note(task, entry, active);
    const inside = this.#api.trace.setSpan(around, entry.span as never);
    wrap((call) => this.#api.context.with(inside, call));
  }

  #ofTask(task: Task<unknown>, active: OtelContext): [Entry, OtelContext] {
    const attributes = { 'ambit.task.id': task.id, 'ambit.task.name': task.name };
    const kind = this.#api.SpanKind.INTERNAL;
    const span = this.#tracer.startSpan(spanNameOf(task.name), { kind, attributes }, active);
    this.#own.add(span);
    return [{ span, request: undefined, isForeign: false }, active];
  }

  #ofRequest(current: CurrentRequest, active: OtelContext): [Entry, OtelContext] {
    const { request, response } = current;
    const found = this.#foreignSpan(active);
    const around =
      found === undefined
        ? this.#api.propagation.extract(this.#api.ROOT_CONTEXT, request.headers)
        : active;
    const span = found ?? this.#start(request, around);
    this.#callHook(span, request, response);
    return [{ span, request: current, isForeign: found !== undefined }, around];
  }

  #start(request: IncomingMessage, around: OtelContext): OtelSpan {
    const options = { kind: this.#api.SpanKind.SERVER, attributes: attributesOf(request) };
    const span = this.#tracer.startSpan(methodOf(request), options, around);
    this.#own.add(span);
    return span;
  }

  #callHook(span: OtelSpan, request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#options.requestHook?.(span, request, response);
    } catch (error) {
      // The request goes on without what the hook would have added.
      span.recordException(error instanceof Error ? error : String(error));
    }
  }

  // The instrumentation of node:http makes one for each request: a second one would say the same.
  #foreignSpan(active: OtelContext): OtelSpan | undefined {
    const span = this.#api.trace.getSpan(active);
    if (span === undefined || this.#own.has(span)) return undefined;
    return (span as { readonly kind?: unknown }).kind === this.#api.SpanKind.SERVER
      ? span
      : undefined;
  }

  #note(task: Task<unknown>, entry: Entry, active: OtelContext): void {
    this.#entries.set(task, entry);
    this.#ofScope.set(task.scope, entry.span);
    const parent = this.#api.trace.getSpan(active);
    const groupScope = task.group.scope;
    if (parent !== undefined && entry.request === undefined && !this.#ofScope.has(groupScope)) {
      this.#ofScope.set(groupScope, parent);
    }
  }

  #settle({ task, state, error }: TaskMessage): void {
    const entry = this.#entries.get(task);
    if (entry === undefined) return;
    const { span, request } = entry;
    span.setAttribute('ambit.task.state', state);
    if (isCancelled(error)) span.setAttribute('ambit.cancel.source', error.source);
    if (state === 'rejected') this.#fail(span, error);
    if (request !== undefined && describeEnd(span, request.request, request.response)) {
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR });
    }
    if (!entry.isForeign) span.end();
  }

  #fail(span: OtelSpan, error: unknown): void {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: String(error) });
  }

  #cancel({ scope, reason }: CancelMessage): void {
    const span = this.#ofScope.get(scope) ?? this.#api.trace.getSpan(this.#api.context.active());
    span?.addEvent(`cancel (${reason.source})`, { 'ambit.scope.name': scope.name });
  }
}
