// rule 254
import { taskGroup } from '@ambit/core';
import {
  connectTcp,
  listenTcp,
  lockFile,
  openFile,
  openProcess,
  openUdp,
  temporaryDirectory,
  temporaryFile,
} from '@ambit/io';
import type { Process } from '@ambit/io';
import type { AddressInfo, Server } from 'node:net';
import * as net from 'node:net';
import { isRunning } from './support/process-probe.ts';
import { useFolder } from './support/temporary-folder.ts';

const host = '127.0.0.1';
const folder = useFolder();
const late = {
  name: 'ClosedResourceError',
  message: expect.stringContaining('await the call in') as string,
};
let server: Server;
let port = 0;

beforeEach(async () => {
  server = net.createServer((socket) => void socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => new Promise((resolve) => void server.close(resolve)));

describe('what is there only after the group around the call has ended is closed', () => {
  test.each<[string, () => Promise<AsyncDisposable>]>([
    ['connectTcp', () => connectTcp({ host, port })],
    ['listenTcp', () => listenTcp({ host, port: 0 })],
    ['openUdp', () => openUdp({ host })],
    ['openFile', () => openFile(__filename)],
    ['lockFile', () => lockFile(folder.path('lock'))],
    ['temporaryDirectory', () => temporaryDirectory()],
    ['temporaryFile', () => temporaryFile()],
  ])('%s', async (_name, open) => {
    let opened: Promise<AsyncDisposable> | undefined;
    await taskGroup(async (around) => {
      await taskGroup(() => {
        opened = open();
        opened.catch(() => undefined);
      });
      const outcome = await around.spawn(() => opened!.catch((error: unknown) => error));
      expect(outcome).toMatchObject(late);
    });
  });

  test('openProcess, which may come before the end as well', async () => {
    let opened: Promise<Process> | undefined;
    await taskGroup(async () => {
      await taskGroup(() => {
        opened = openProcess('sleep', ['30']);
        opened.catch(() => undefined);
      });
      const [outcome] = await Promise.allSettled([opened!]);
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(late);
      else expect(isRunning(outcome.value.pid)).toBe(false);
    });
  });

  test('by a handler that did not await it', async () => {
    let opened: Promise<unknown> | undefined;
    await taskGroup(async (around) => {
      const listener = await listenTcp({ host, port: 0 });
      const serving = around.spawn(() =>
        listener.serve(() => {
          opened = connectTcp({ host, port }).catch((error: unknown) => error);
        }),
      );
      const client = await connectTcp({ host, port: listener.address.port });
      expect(await client.receive()).toBeUndefined();
      expect(await opened).toMatchObject(late);
      await listener.close();
      await serving;
    });
  });
});

test('a cleanup at the end of a group opens what it closes itself', async () => {
  let isOpen = false;
  await taskGroup(async (group) => {
    group.defer(async () => {
      await using file = await openFile(__filename);
      isOpen = file.fd >= 0;
    });
    await openUdp({ host });
  });
  expect(isOpen).toBe(true);
});
