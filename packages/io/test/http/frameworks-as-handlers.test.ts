// Apps of koa and hono as handlers of serveHttp, as docs/guides/interop-express.md shows them: one middleware, or handler of
// errors, leaves a cancelled request to it.
import Koa from 'koa';
import { currentScope, currentTask, shield, sleep, sleepForever } from '@ambit/core';
import type { HttpHandler } from '../../src/index.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

// The declarations of hono need those of a browser.
interface HonoContext {
  readonly req: { readonly path: string };
  text(body: string, status?: number): Response;
}
interface HonoApp {
  readonly fetch: unknown;
  get(path: string, handler: (context: HonoContext) => Promise<Response>): void;
  onError(handler: (error: unknown, context: HonoContext) => Response): void;
}
const { Hono } = jest.requireActual<{ Hono: new () => HonoApp }>('hono');
const { getRequestListener } = jest.requireActual<{
  getRequestListener(fetch: unknown): HttpHandler;
}>('@hono/node-server');
const { RESPONSE_ALREADY_SENT } = jest.requireActual<{ RESPONSE_ALREADY_SENT: Response }>(
  '@hono/node-server/utils/response',
);

type Work = (path: string) => Promise<string>;

function koa(work: Work): HttpHandler {
  const app = new Koa();
  app.silent = true;
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      if (error !== currentScope().reason) throw error;
      context.respond = false;
    }
  });
  app.use(async (context) => {
    context.body = await work(context.path);
  });
  return app.callback();
}

function hono(work: Work): HttpHandler {
  const app = new Hono();
  app.get('/*', async (context) => context.text(await work(context.req.path)));
  app.onError((error, context) =>
    error === currentScope().reason ? RESPONSE_ALREADY_SENT : context.text('failed', 500),
  );
  return getRequestListener(app.fetch);
}

describe.each([
  ['koa', koa],
  ['hono', hono],
])('%s', (_name, make) => {
  test('answers, fails with 500, and is stopped by a limit with 504', async () => {
    const work = async (path: string): Promise<string> => {
      if (path === '/broken') throw new Error('broken');
      if (path === '/slow') await sleepForever();
      if (path === '/broken-late') {
        await sleepForever().catch(() => {
          throw new Error('could not clean up');
        });
      }
      await sleep(1);
      return `this is ${path}`;
    };
    await serving(
      make(work),
      async ({ url, errors }) => {
        expect(await (await fetch(`${url}/a`)).text()).toBe('this is /a');
        expect((await fetch(`${url}/broken`)).status).toBe(500);
        expect((await fetch(`${url}/slow`)).status).toBe(504);
        // Not the end of the request itself, but a failure of its own.
        expect((await fetch(`${url}/broken-late`)).status).toBe(500);
        expect(errors).toEqual([]);
      },
      { requestTimeout: 300 },
    );
  });

  test('a client that leaves cancels its request, which is waited for', async () => {
    const events: string[] = [];
    const began = signal();
    const work = async (): Promise<string> => {
      const task = currentTask();
      began.give();
      try {
        return await sleepForever();
      } finally {
        await shield(() => sleep(50));
        events.push(`cleaned up, ${task?.done}`);
      }
    };
    await serving(make(work), async ({ port, stop, errors }) => {
      const client = new RawClient(port).get('/');
      await began.given;
      client.socket.destroy();
      await sleep(20);
      await stop();
      events.push('ended');
      expect(errors).toEqual([]);
    });
    expect(events).toEqual(['cleaned up, false', 'ended']);
  });
});
