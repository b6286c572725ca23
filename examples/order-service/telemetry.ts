// Spans of requests and tasks. They are counted here; a real service sends them, with the NodeSDK of OpenTelemetry.
import { instrument } from '@ambit/io/otel';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** Counts the spans of requests by name. */
class Counter implements SpanProcessor {
  readonly counts: Record<string, number> = {};

  onStart(): void {
    // Only spans that have ended are counted.
  }

  onEnd({ name, kind }: ReadableSpan): void {
    if (kind === api.SpanKind.SERVER) this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  async forceFlush(): Promise<void> {
    // Nothing is kept.
  }

  async shutdown(): Promise<void> {
    // Nothing is kept.
  }
}

/** Instruments the program until it is disposed of. */
export function startTelemetry(): Disposable & { readonly counts: Record<string, number> } {
  const counter = new Counter();
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [counter] }));
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const instrumentation = instrument(api, { taskSpans: false });
  return {
    counts: counter.counts,
    [Symbol.dispose]: () => instrumentation[Symbol.dispose](),
  };
}
