// Makes an OpenTelemetry span of every task, with the official API.
//
//   npm run example -- opentelemetry
//
// The code of the tasks does not change, and the span of each task is the active one in it. Here the spans are kept in memory
// and printed. A real program sends them to a collector: the NodeSDK of OpenTelemetry sets up all that `setUp` does here.
import { moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { instrument } from '@ambit/io/otel';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

const exporter = new InMemorySpanExporter();
setUp();
const tracer = api.trace.getTracer('shop');

// #region instrument
{
  using _ = instrument(api);
  await run((group) => {
    group.spawn(loadUser);
    group.spawn(loadOrders);
    group.spawn(loadAdvert);
  });
}
// #endregion instrument

printTree(exporter.getFinishedSpans(), undefined, '');

function setUp(): void {
  const processor = new SimpleSpanProcessor(exporter);
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

// #region user
async function loadUser(): Promise<void> {
  const query = tracer.startSpan('SELECT user');
  await sleep(10);
  query.end();
}
// #endregion user

async function loadOrders(): Promise<void> {
  try {
    await taskGroup((group) => {
      group.spawn(() => sleep(60_000), { name: 'page 1' });
      group.spawn(brokenPage, { name: 'page 2' });
    });
  } catch (error) {
    console.log(`shown without orders: ${String(error)}\n`);
  }
}

async function brokenPage(): Promise<void> {
  await sleep(10);
  throw new Error('disk full');
}

async function loadAdvert(): Promise<void> {
  await moveOnAfter(20, () =>
    taskGroup((group) => {
      group.spawn(() => sleep(60_000), { name: 'auction' });
    }),
  );
}

function printTree(all: readonly ReadableSpan[], parent: string | undefined, indent: string): void {
  const children = all.filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent);
  for (const span of children.sort((a, b) => taskOf(a) - taskOf(b))) {
    const { status, attributes, events } = span;
    const outcome = String(attributes['ambit.task.state'] ?? 'a span of its own');
    const why = status.message ?? attributes['ambit.cancel.source'];
    console.log(`${indent}${span.name}: ${outcome}${why === undefined ? '' : ` (${String(why)})`}`);
    for (const { name } of events) console.log(`${indent}  · ${name}`);
    printTree(all, span.spanContext().spanId, `${indent}  `);
  }
}

function taskOf({ attributes }: ReadableSpan): number {
  return Number(attributes['ambit.task.id'] ?? 0);
}
