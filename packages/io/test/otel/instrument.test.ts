import { channel } from 'node:diagnostics_channel';
import { gather, moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import * as api from '@opentelemetry/api';
import express from 'express';
import { createServer } from 'node:http';
import { instrument } from '../../src/otel.ts';
import { serving } from '../support/http-parts.ts';
import { collect, setUpSdk, shutDownSdk, takeSpans, treeOf } from './telemetry.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CLIENT = 'b7ad6b7169203331';

beforeAll(setUpSdk);
beforeEach(() => void takeSpans());
afterAll(shutDownSdk);

/** What an instrumented library does. */
async function query(name: string): Promise<void> {
  const span = api.trace.getTracer('database').startSpan(name);
  await sleep(1);
  span.end();
}

function isListening(): boolean {
  return ['ambit:task:spawn', 'ambit:task:begin', 'ambit:task:settle', 'ambit:scope:cancel'].some(
    (name) => channel(name).hasSubscribers,
  );
}

describe('spans of tasks', () => {
  test('form the tree of tasks, and libraries make their spans in them', async () => {
    using _ = instrument(api);
    await taskGroup((group) => {
      group.spawn(
        async () => {
          await query('SELECT user');
          await taskGroup(
            (inner) => void inner.spawn(() => query('SELECT role'), { name: 'role' }),
          );
        },
        { name: 'user' },
      );
      group.spawn(() => gather([() => query('SELECT order')]), { name: 'orders' });
    });
    const tree = treeOf(takeSpans());
    const user = ['user', '  SELECT user', '  role', '    SELECT role'];
    expect(tree).toEqual([...user, 'orders', '  task-*', '    SELECT order']);
  });

  test('are within the span that is active where spawn is called', async () => {
    using _ = instrument(api);
    await taskGroup((group) =>
      api.trace.getTracer('shop').startActiveSpan('checkout', (span) => {
        group.spawn(() => sleep(1), { name: 'pay' });
        span.end();
      }),
    );
    expect(treeOf(takeSpans())).toEqual(['checkout', '  pay']);
  });

  test('of tasks that had to queue keep the context of their spawner', async () => {
    using _ = instrument(api);
    await taskGroup(
      (group) => {
        for (const name of ['first', 'second']) {
          api.trace.getTracer('shop').startActiveSpan(name, (span) => {
            group.spawn(() => query(`SELECT ${name}`), { name: 'job' });
            span.end();
          });
        }
      },
      { limit: 1 },
    );
    expect(treeOf(takeSpans()).sort()).toEqual(
      ['first', '  job', '    SELECT first', 'second', '  job', '    SELECT second'].sort(),
    );
  });

  test.each([
    ['order 4711', 'order *'],
    ['user 0af76519-16cd-43dd-8448-eb211c80319c', 'user *'],
    ['object b7ad6b7169203331', 'object *'],
    ['deadbeef', 'deadbeef'],
    ['feedback', 'feedback'],
    ['x'.repeat(500), `${'x'.repeat(100)}…`],
  ])(
    'of the task %.40s are named without what differs from task to task',
    async (name, expected) => {
      using _ = instrument(api);
      await taskGroup((group) => void group.spawn(() => 1, { name }));
      const [span] = takeSpans();
      expect(span?.name).toBe(expected);
      expect(span?.attributes['ambit.task.name']).toBe(name);
    },
  );

  test('say what came of the task', async () => {
    using _ = instrument(api);
    await moveOnAfter(5, () =>
      taskGroup((group) => void group.spawn(() => sleep(1000), { name: 'slow' })),
    );
    await taskGroup((group) => {
      group.spawn(() => Promise.reject(new RangeError('disk full')), { name: 'failing' });
    }).catch(() => undefined);
    const [slow, failing] = takeSpans();
    expect(slow?.attributes).toMatchObject({
      'ambit.task.state': 'cancelled',
      'ambit.cancel.source': 'deadline',
    });
    expect(slow?.status.code).toBe(api.SpanStatusCode.UNSET);
    expect(failing?.status).toEqual({
      code: api.SpanStatusCode.ERROR,
      message: 'RangeError: disk full',
    });
    expect(failing?.events.map(({ name }) => name)).toContain('exception');
  });

  test('are not made before instrument, after its end, or with taskSpans: false', async () => {
    expect(isListening()).toBe(false);
    const telemetry = instrument(api, { taskSpans: false });
    await taskGroup((group) => void group.spawn(() => 1));
    telemetry[Symbol.dispose]();
    expect(isListening()).toBe(false);
    await taskGroup((group) => void group.spawn(() => 1));
    expect(takeSpans()).toEqual([]);
  });
});

describe('the span of a request', () => {
  test('continues the trace of the client, and is the parent of all that happens in it', async () => {
    using _ = instrument(api);
    const handler = async (_request: unknown, response: { end(): void }): Promise<void> => {
      await taskGroup((group) => void group.spawn(() => query('SELECT price'), { name: 'price' }));
      response.end();
    };
    await serving(handler, async ({ url }) => {
      const headers = { traceparent: `00-${TRACE}-${CLIENT}-01` };
      await fetch(`${url}/prices/4711?x=1`, { headers });
    });
    const spans = takeSpans();
    const root = spans.find(({ kind }) => kind === api.SpanKind.SERVER);
    expect(root?.spanContext().traceId).toBe(TRACE);
    expect(root?.parentSpanContext?.spanId).toBe(CLIENT);
    expect(root?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'url.path': '/prices/4711',
      'http.response.status_code': 200,
    });
    const own = spans.filter((span) => span.spanContext().traceId === TRACE);
    expect(treeOf(own)).toEqual(['GET', '  price', '    SELECT price']);
  });

  test('begins a trace of its own: the task that serves is no parent of it', async () => {
    using _ = instrument(api);
    await run(
      () =>
        serving(
          (_request, response) => void response.end(),
          async ({ url }) => {
            await Promise.all([fetch(url), fetch(url, { method: 'POST' })]);
          },
        ),
      { exitOnSignal: false },
    );
    const requests = takeSpans().filter(({ kind }) => kind === api.SpanKind.SERVER);
    expect(requests.map(({ name }) => name).sort()).toEqual(['GET', 'POST']);
    expect(requests.map(({ parentSpanContext }) => parentSpanContext)).toEqual([
      undefined,
      undefined,
    ]);
    expect(new Set(requests.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  test('is named by the route, where the framework leaves it on the request', async () => {
    using _ = instrument(api, { taskSpans: false });
    const app = express();
    const router = express.Router();
    router.get('/items/:id', (_request, response) => void response.json({}));
    app.use('/shop', router);
    await serving(createServer(app), ({ url }) => fetch(`${url}/shop/items/7`));
    const [span] = takeSpans();
    expect(span?.name).toBe('GET /shop/items/:id');
    expect(span?.attributes['http.route']).toBe('/shop/items/:id');
  });

  test('is an error where the server has failed, and made richer by the hook', async () => {
    using _ = instrument(api, {
      requestHook: (span, request) => {
        span.setAttribute('tenant', `${request.headers.host}`);
      },
    });
    const fail = (): never => {
      throw new Error('no database');
    };
    await serving(fail, ({ url }) => fetch(url));
    const span = takeSpans().find(({ kind }) => kind === api.SpanKind.SERVER);
    expect(span?.status.code).toBe(api.SpanStatusCode.ERROR);
    expect(span?.attributes['http.response.status_code']).toBe(500);
    expect(span?.attributes['tenant']).toMatch(/^127/);
  });

  test('stays whole if the hook throws', async () => {
    using _ = instrument(api, {
      requestHook: () => {
        throw new Error('no tenant');
      },
    });
    await serving(
      (_request, response) => void response.end('ok'),
      async ({ url }) => expect(await (await fetch(url)).text()).toBe('ok'),
    );
    const span = takeSpans().find(({ kind }) => kind === api.SpanKind.SERVER);
    expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
  });

  test('is that of the instrumentation of node:http, if there is one', async () => {
    using _ = instrument(api, { taskSpans: false });
    const server = createServer((_request, response) => {
      api.trace.getSpan(api.context.active())?.setAttribute('seen', true);
      response.end();
    });
    const tracer = api.trace.getTracer('http');
    const emit = server.emit.bind(server);
    server.emit = (event: string, ...args: unknown[]): boolean => {
      if (event !== 'request') return emit(event, ...args);
      return tracer.startActiveSpan('GET /', { kind: api.SpanKind.SERVER }, (span) => {
        (args[1] as NodeJS.EventEmitter).once('close', () => {
          span.end();
        });
        return emit(event, ...args);
      });
    };
    await serving(server, ({ url }) => fetch(url));
    const spans = takeSpans();
    expect(spans).toHaveLength(1);
    expect(spans[0]?.attributes).toMatchObject({ seen: true, 'http.response.status_code': 200 });
  });
});

test('the metrics count tasks, and tell the lengths of queues and the lag of the loop', async () => {
  const telemetry = instrument(api);
  const queue = { size: 3 };
  channel('ambit:queue:open').publish({ queue, name: 'jobs' });
  await taskGroup(
    async (group) => {
      group.spawn(() => sleep(1000));
      group.spawn(() => sleep(1000));
      await sleep(20);
      expect(await collect()).toMatchObject({
        'ambit.tasks.alive': 2,
        'ambit.tasks.queued': 1,
        'ambit.queue.length jobs': 3,
      });
      group.cancel();
    },
    { limit: 1 },
  );
  const values = await collect();
  expect(values).toMatchObject({ 'ambit.tasks.alive': 0, 'ambit.tasks.queued': 0 });
  expect(values['ambit.tasks.cancelled']).toBeGreaterThanOrEqual(2);
  expect(values['ambit.loop.lag']).toBeGreaterThanOrEqual(0);
  telemetry[Symbol.dispose]();
  const before = values['ambit.tasks.cancelled'];
  await moveOnAfter(1, () => taskGroup((group) => void group.spawn(() => sleep(1000))));
  expect((await collect())['ambit.tasks.cancelled']).toBe(before);
});

test.each([
  ['api', undefined, undefined, 'instrument: api is undefined, not the module @opentelemetry/api'],
  ['api', {}, undefined, 'instrument: api is an object (Object), not the module'],
  ['an option', api, { requestHook: 1 }, 'instrument: requestHook is 1, not a function'],
  ['an option', api, { taskSpans: 'no' }, 'instrument: taskSpans is "no"; give true or false'],
])(
  'instrument with a bad %s throws a TypeError that names it',
  (_what, given, options, message) => {
    expect(() => instrument(given as never, options as never)).toThrow(message);
  },
);
