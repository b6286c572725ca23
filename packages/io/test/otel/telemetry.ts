import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

const spans = new InMemorySpanExporter();
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter: metrics,
  exportIntervalMillis: 3_600_000,
});

/** Sets up the real SDK, once for all tests of a file. */
export function setUpSdk(): void {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const processor = new SimpleSpanProcessor(spans);
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

/** Ends the timer of the SDK. */
export async function shutDownSdk(): Promise<void> {
  await reader.shutdown();
}

/** Returns the spans that have ended since the last call. */
export function takeSpans(): ReadableSpan[] {
  const ended = spans.getFinishedSpans();
  spans.reset();
  return ended;
}

/** The spans as a text: each below its parent, indented. */
export function treeOf(all: readonly ReadableSpan[], parent?: string, indent = ''): string[] {
  const known = new Set(all.map((span) => span.spanContext().spanId));
  return all
    .filter(({ parentSpanContext: above }) => {
      const id = above !== undefined && known.has(above.spanId) ? above.spanId : undefined;
      return id === parent;
    })
    .sort((a, b) => nanoseconds(a) - nanoseconds(b))
    .flatMap((span) => [
      `${indent}${span.name}`,
      ...treeOf(all, span.spanContext().spanId, `${indent}  `),
    ]);
}

function nanoseconds({ startTime: [seconds, rest] }: ReadableSpan): number {
  return (seconds % 1000) * 1e9 + rest;
}

/** Collects the metrics: the last values, by name and attributes. */
export async function collect(): Promise<Record<string, unknown>> {
  await reader.forceFlush();
  const points = metrics
    .getMetrics()
    .slice(-1)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const suffix = Object.values(attributes).join();
        return [suffix === '' ? descriptor.name : `${descriptor.name} ${suffix}`, value] as const;
      }),
    );
  return Object.fromEntries(points);
}
