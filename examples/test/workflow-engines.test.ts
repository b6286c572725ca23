import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { currentScope, sleep } from '@ambit/core';
import { fetch } from '@ambit/io';
import { until } from '../../test-servers/until.ts';
import { activity } from '../interop/temporal.ts';
import { step } from '../interop/restate.ts';
import { freePort } from '../../test-servers/free-port.ts';

jest.setTimeout(120_000);

const cleanup: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end();
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A payment service that never answers, and counts the clients that have gone. */
async function paymentServer() {
  const seen = { asked: 0, gone: 0 };
  const server = createHttpServer((_, response) => {
    seen.asked += 1;
    response.on('close', () => (seen.gone += 1));
  });
  const url = `http://127.0.0.1:${await portOf(server)}/`;
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url, seen };
}

/** Temporal's logs of what a test lets fail. */
const silent = Object.fromEntries(
  ['log', 'trace', 'debug', 'info', 'warn', 'error'].map((name) => [name, () => undefined]),
) as unknown as MockActivityEnvironment['context']['log'];

describe('Temporal', () => {
  test('an activity that is cancelled ends its requests, and Temporal hears that it was', async () => {
    const { url, seen } = await paymentServer();
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => (beats += 1));
    const charge = activity(async (order: string) => (await fetch(`${url}${order}`)).text(), {
      every: 10,
    });
    const charged = environment.run(charge, 'o-1').catch((error: unknown) => error);
    await until(() => seen.asked === 1 && beats >= 2);
    environment.cancel('CANCELLED');
    expect(await charged).toMatchObject({ name: 'CancelledFailure', message: 'CANCELLED' });
    await until(() => seen.gone === 1);
    const before = beats;
    await sleep(30);
    expect(beats).toBe(before);
  });

  test('one that ends has its value, and one that fails its error', async () => {
    const environment = new MockActivityEnvironment({}, { logger: silent });
    const sum = activity(
      async (a: number, b: number) => {
        await sleep(5);
        if (a === 0) throw new RangeError('a is 0');
        return a + b;
      },
      { every: 1000 },
    );
    expect(await environment.run(sum, 2, 3)).toBe(5);
    await expect(environment.run(sum, 0, 3)).rejects.toThrow('a is 0');
  });
});

async function startRestate() {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-restate-'));
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const command = require.resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
    { paths: [require.resolve('@restatedev/restate-server/package.json')] },
  );
  const server = spawn(command, ['--base-dir', folder, '--node-name', 'test'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: '1',
    },
  });
  cleanup.push(async () => {
    server.kill('SIGKILL');
    await once(server, 'close');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const url = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
  await until(() =>
    fetch(`${url.admin}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return url;
}

async function send(method: string, url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

describe('Restate', () => {
  // The SDK is for Node 22 and later; this is all that it needs there.
  const { withResolvers } = Promise as { withResolvers?: unknown };
  if (withResolvers === undefined) {
    Object.assign(Promise, {
      withResolvers: () => {
        const parts: Record<string, unknown> = {};
        parts['promise'] = new Promise((resolve, reject) =>
          Object.assign(parts, { resolve, reject }),
        );
        return parts;
      },
    });
  }

  test('a step has its value; a cancelled invocation ends what its step has begun', async () => {
    const { createEndpointHandler, service } = await import('@restatedev/restate-sdk');
    const { url: payments, seen } = await paymentServer();
    const ends: string[] = [];
    const orders = service({
      name: 'orders',
      handlers: {
        price: (context, count: number) =>
          step(context, 'price', () => sleep(5, { value: count * 3 })),
        charge: (context, order: string) =>
          step(context, 'charge', async () => {
            try {
              return await (await fetch(`${payments}${order}`)).text();
            } finally {
              ends.push(String(currentScope().cancelCalled));
            }
          }),
      },
    });
    const logger = (): void => undefined;
    const endpoint = createServer(createEndpointHandler({ services: [orders], logger }));
    const port = await portOf(endpoint);
    cleanup.push(() => {
      endpoint.close();
    });
    const restate = await startRestate();
    await send('POST', `${restate.admin}/deployments`, { uri: `http://127.0.0.1:${port}` });

    expect(await send('POST', `${restate.ingress}/orders/price`, 4)).toBe(12);

    const sent = await send('POST', `${restate.ingress}/orders/charge/send`, 'o-1');
    const { invocationId } = sent as { invocationId: string };
    await until(() => seen.asked === 1);
    await send('PATCH', `${restate.admin}/invocations/${invocationId}/cancel`, undefined);
    await until(() => seen.gone === 1 && ends.length === 1);
    expect({ ...seen, ends }).toEqual({ asked: 1, gone: 1, ends: ['true'] });
  });
});
