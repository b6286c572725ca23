import { checkFlag, checkFunction, checkOptions, show } from '@ambit/core/lowlevel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OtelApi, OtelSpan } from './otel-api.ts';
import { Subscriptions } from './subscriptions.ts';
import { TaskMetrics } from './task-metrics.ts';
import { TaskSpans } from './task-spans.ts';

/** Options for {@link instrument}. @beta */
export interface InstrumentOptions {
  /**
   * Called with the span of each request before its handler is called, to add attributes. What it throws is recorded in the
   * span, and the request goes on.
   */
  readonly requestHook?:
    ((span: OtelSpan, request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Whether each task gets a span. If false, only requests do. Default: true. */
  readonly taskSpans?: boolean | undefined;
}

/**
 * Makes OpenTelemetry spans of requests and tasks, and metrics, from now on. It subscribes to the diagnostics channels:
 * without it they cost nothing.
 *
 * The span of a request of `serveHttp` continues the trace that the client names in `traceparent`, or begins one; the task
 * that calls `serveHttp` is not its parent. It is named by the method, and by the route where the framework says it. Where
 * an instrumentation of node:http has made a span for the request, that one is used. A task has a span from the call of its
 * function to its end, within the span that was active where it was spawned. Its name is the task's, with `*` for numbers
 * and ids; the attribute `ambit.task.name` has the whole name. Each span is the active one in its request or task, so that
 * libraries with instrumentation of their own make children of it. This needs a context manager, which the SDK for Node sets.
 *
 * The metrics are `ambit.tasks.alive`, `ambit.tasks.queued`, `ambit.tasks.ended`, `ambit.tasks.cancelled`,
 * `ambit.loop.lag` in seconds, and `ambit.queue.length` for the queues and channels of @ambit/sync that have a name and
 * were made later.
 *
 * @beta
 * @param api - the module `@opentelemetry/api`; an SDK is to be set up before
 * @param options - `requestHook`; `taskSpans`
 * @returns what ends it: spans that are open then stay open
 * @throws TypeError for bad arguments
 * @example
 * import * as api from '@opentelemetry/api';
 *
 * using telemetry = instrument(api);
 * await run(main);
 */
export function instrument(api: OtelApi, options?: InstrumentOptions): Disposable {
  checkApi(api);
  checkOptions('instrument', options);
  const { requestHook, taskSpans = true } = options ?? {};
  if (requestHook !== undefined) checkFunction('instrument', 'requestHook', requestHook);
  checkFlag('instrument', 'taskSpans', taskSpans);
  const ofSpans = new Subscriptions();
  const ofMetrics = new Subscriptions();
  new TaskSpans(api, { requestHook: requestHook?.bind(options), taskSpans }, ofSpans);
  const metrics = new TaskMetrics(api, ofMetrics);
  return {
    [Symbol.dispose]: () => {
      ofSpans[Symbol.dispose]();
      ofMetrics[Symbol.dispose]();
      metrics[Symbol.dispose]();
    },
  };
}

function checkApi(api: unknown): void {
  const { trace, context } = (api ?? {}) as Partial<OtelApi>;
  if (typeof trace?.getTracer === 'function' && typeof context?.with === 'function') return;
  throw new TypeError(
    `instrument: api is ${show(api)}, not the module @opentelemetry/api; give \`import * as api from '@opentelemetry/api'\``,
  );
}
