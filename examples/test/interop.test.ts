import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CancelScope, moveOnAfter, sleep, taskGroup, timeout } from '@ambit/core';
import type { HttpAddress, ServeHttpOptions } from '@ambit/io';
import { until } from '../../test-servers/until.ts';
import { makeLog, serve } from '../guides/service.ts';
import * as expressInterop from '../interop/express.ts';
import * as fastifyInterop from '../interop/fastify.ts';
import { price, withSignal } from '../interop/fetch.ts';

jest.setTimeout(90_000);

const cleanup: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Prices in JSON; asked for `never`, it says when the client has gone. */
async function priceServer() {
  const gone: string[] = [];
  const server = createHttpServer((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) gone.push(request.url ?? '');
    });
    if (request.url !== '/never') setTimeout(() => response.end('{"coins":5}'), 30);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), gone };
}

type Serve = (options: ServeHttpOptions) => Promise<void>;

describe.each([
  [
    'express',
    (prices: URL): Serve =>
      (options) =>
        expressInterop.serve(expressInterop.makeApp(prices), options),
  ],
  [
    'fastify',
    (prices: URL): Serve =>
      (options) =>
        fastifyInterop.serve(fastifyInterop.makeApp(prices), options),
  ],
])('%s', (_, make) => {
  test('serves; a client that leaves cancels what was asked for it; stopped, it finishes what is under way', async () => {
    const { url: prices, gone } = await priceServer();
    const errors: unknown[] = [];
    const service = new CancelScope();
    await taskGroup(async (group) => {
      const { port } = await group.start<HttpAddress>((task, started) =>
        service.run(() =>
          make(prices)({
            port: 0,
            host: '127.0.0.1',
            onListening: started,
            onError: (error) => void errors.push(error),
          }),
        ),
      );
      const url = `http://127.0.0.1:${port}/prices/`;
      expect(await (await fetch(`${url}milk`)).json()).toEqual({ coins: 5 });
      const client = new AbortController();
      const left = fetch(`${url}never`, { signal: client.signal });
      setTimeout(() => client.abort(), 50);
      await expect(left).rejects.toMatchObject({ name: 'AbortError' });
      await until(() => gone.length > 0);
      expect(gone).toEqual(['/never']);
      const last = fetch(`${url}bread`);
      await sleep(15);
      service.cancel();
      const response = await last;
      expect(response.headers.get('connection')).toBe('close');
      expect(await response.json()).toEqual({ coins: 5 });
    });
    expect(errors).toEqual([]);
  });
});

test('a service from nothing: answers, streams, logs its requests, and ends in stages', async () => {
  const lines: string[] = [];
  const log = makeLog({ write: (line) => void lines.push(line) });
  const service = new CancelScope();
  await taskGroup(async (group) => {
    const { port } = await group.start<HttpAddress>((_task, onListening) =>
      service.run(() => serve(log, { port: 0, host: '127.0.0.1', onListening })),
    );
    const url = `http://127.0.0.1:${port}`;
    expect(await (await fetch(`${url}/report`)).json()).toEqual({ total: 3 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'the report is ready',
      path: '/report',
      requestId: 'req-1',
    });
    const ticks = await fetch(`${url}/ticks`);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    service.drain();
    expect(await ticks.text()).toContain('id: 1\ndata: 1\n\n');
    expect((await fetch(`${url}/health`)).status).toBe(503);
  });
});

describe('clients with a signal', () => {
  test('fetch needs nothing', async () => {
    const { url, gone } = await priceServer();
    await expect(timeout(2000, () => price(new URL('milk', url)))).resolves.toEqual({ coins: 5 });
    await expect(timeout(50, () => price(new URL('never', url)))).rejects.toThrow();
    await until(() => gone.length > 0);
  });

  test('the others get one that lives no longer than the call', async () => {
    const signals: AbortSignal[] = [];
    const call = (ms: number) => (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => resolve('value'), ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(new Error('CanceledError: their own word'));
        });
      });
    };
    expect(await withSignal(call(1))).toBe('value');
    expect(await moveOnAfter(10, () => withSignal(call(1000)))).toBeUndefined();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    await expect(withSignal(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
