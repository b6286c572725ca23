// Every task a span of OpenTelemetry, through the official API.
//
//   node examples/dist/opentelemetry.js
//
// The tasks know nothing of it: Ambit tells what happens on channels of `node:diagnostics_channel`, and
// opentelemetry/task-spans.ts makes spans of that. Here they are kept in memory and printed; a real program
// would send them to a collector, by another exporter in the first lines.
import { moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { TaskSpans } from './opentelemetry/task-spans.ts';

const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor(exporter);
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
const tracer = trace.getTracer('shop');
const spans = new TaskSpans(tracer);

await run((group) => {
  group.spawn(loadUser);
  group.spawn(loadOrders);
  group.spawn(loadAdvert);
});

spans[Symbol.dispose]();
printTree(exporter.getFinishedSpans(), undefined, '');

async function loadUser(): Promise<void> {
  const query = tracer.startSpan('SELECT user', {}, spans.context());
  await sleep(10);
  query.end();
}

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
    const outcome = String(attributes['ambit.task.status'] ?? 'a span of its own');
    const why = status.message ?? attributes['ambit.cancel.source'];
    console.log(`${indent}${span.name}: ${outcome}${why === undefined ? '' : ` (${String(why)})`}`);
    for (const { name } of events) console.log(`${indent}  · ${name}`);
    printTree(all, span.spanContext().spanId, `${indent}  `);
  }
}

function taskOf({ attributes }: ReadableSpan): number {
  return Number(attributes['ambit.task.id'] ?? 0);
}
