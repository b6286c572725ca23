import { CancelScope, sleep, taskGroup } from '@ambit/core';
import {
  connectTcp,
  connectUnix,
  fromDuplex,
  listenTcp,
  listenUnix,
  SocketStream,
} from '@ambit/io';
import type { Listener } from '@ambit/io';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificate.ts';
import { byteStreamContract } from '../contracts/byte-stream.ts';
import { freePort } from '../../../../test-servers/free-port.ts';

const host = '127.0.0.1';
const certificate = makeCertificate();
const folder = mkdtempSync(join(tmpdir(), 'ambit-tcp-'));
let sockets = 0;

afterAll(() => rmSync(folder, { recursive: true }));

/** A connection, and its other end. */
async function pair(
  listener: Listener,
  connect: () => Promise<SocketStream>,
): Promise<[SocketStream, SocketStream]> {
  const [here, there] = await Promise.all([connect(), listener.accept()]);
  await listener.close();
  return [here, there];
}

async function tcpPair(): Promise<[SocketStream, SocketStream]> {
  const listener = await listenTcp({ port: 0, host });
  return pair(listener, () => connectTcp({ host, port: listener.address.port }));
}

byteStreamContract('TCP', tcpPair);

byteStreamContract('a unix socket', async () => {
  const path = join(folder, `pair-${String((sockets += 1))}`);
  const listener = await listenUnix(path);
  return pair(listener, () => connectUnix(path));
});

byteStreamContract('TLS', async () => {
  const listener = await listenTcp({ port: 0, host, tls: certificate });
  const tls = { ca: certificate.cert };
  return pair(listener, () => connectTcp({ host, port: listener.address.port, tls }));
});

byteStreamContract('TLS that began later', async () => {
  const [here, there] = await tcpPair();
  return Promise.all([here.startTls({ ca: certificate.cert }), there.startTls(certificate)]);
});

describe('connectTcp', () => {
  test('knows the addresses of both ends', async () => {
    await taskGroup(async () => {
      const listener = await listenTcp({ port: 0, host });
      const [here, there] = await pair(listener, () =>
        connectTcp({ host: 'localhost', port: listener.address.port }),
      );
      expect(here.remoteAddress).toEqual(listener.address);
      expect(there.localAddress).toEqual(listener.address);
      expect(there.remoteAddress).toEqual(here.localAddress);
      await here.close();
      expect(here.label).toBe(`the connection to 127.0.0.1:${String(listener.address.port)}`);
      expect(there.label).toMatch(/^the connection from 127\.0\.0\.1:\d+$/u);
    });
  });

  test('sends small pieces at once, unless told otherwise; `socket` is Node’s own', async () => {
    await taskGroup(async () => {
      const listener = await listenTcp({ port: 0, host });
      const { port } = listener.address;
      const quick = await connectTcp({ host, port });
      const slow = await connectTcp({ host, port, noDelay: false });
      // No getter knows: Node keeps what it was told.
      const flags = [quick, slow].map(({ socket }) =>
        Object.getOwnPropertySymbols(socket)
          .filter((symbol) => symbol.description === 'kSetNoDelay')
          .map((symbol) => Boolean((socket as never as Record<symbol, unknown>)[symbol])),
      );
      expect(flags).toEqual([[true], [false]]);
      expect(quick.socket.remotePort).toBe(port);
    });
  });

  test('connects from the address that is given', async () => {
    await taskGroup(async () => {
      const listener = await listenTcp({ port: 0, host });
      const { port } = listener.address;
      const stream = await connectTcp({ host, port, localAddress: '127.0.0.9' });
      expect(stream.localAddress.host).toBe('127.0.0.9');
    });
  });

  test('refused: Node’s own error', async () => {
    const port = await freePort();
    await expect(connectTcp({ host, port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: host,
      port,
    });
  });

  test('a host that does not exist: Node’s own error', async () => {
    await expect(connectTcp({ host: 'nowhere.invalid', port: 80 })).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/u) as string,
      hostname: 'nowhere.invalid',
    });
  });

  test('an address that cannot be reached: Node’s own error', async () => {
    // No route leads from the loopback address out of this machine.
    const far = { host: '192.0.2.1', port: 80, localAddress: '127.0.0.1' };
    await expect(connectTcp(far)).rejects.toMatchObject({
      code: expect.stringMatching(/^E/u) as string,
      syscall: 'connect',
      address: '192.0.2.1',
    });
  });

  test.each([
    [undefined, 'TypeError', 'give { host, port }'],
    [null, 'TypeError', 'options is null'],
    [{ port: 1 }, 'TypeError', 'host is undefined'],
    [{ host: '', port: 1 }, 'TypeError', 'host is ""'],
    [{ host }, 'TypeError', 'port is undefined'],
    [{ host, port: '80' }, 'TypeError', 'port is "80"'],
    [{ host, port: 65_536 }, 'RangeError', 'port is 65536'],
    [{ host, port: -1 }, 'RangeError', 'port is -1'],
    [{ host, port: 1, localAddress: 4 }, 'TypeError', 'localAddress is 4'],
    [{ host, port: 1, noDelay: 1 }, 'TypeError', 'noDelay is 1'],
    [{ host, port: 1, tls: 'yes' }, 'TypeError', 'tls is "yes"'],
    [{ host, port: 1, signal: {} }, 'TypeError', 'signal is an object'],
  ])('refuses %j', async (options, name, message) => {
    await expect(connectTcp(options as never)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(`connectTcp: ${message}`) as string,
    });
  });

  test('cancelled before, it does nothing', async () => {
    await taskGroup(async (group) => {
      const listener = await listenTcp({ port: 0, host });
      const { port } = listener.address;
      const signal = AbortSignal.abort('stop');
      await expect(connectTcp({ host, port, signal })).rejects.toBe('stop');
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        await expect(connectTcp({ host, port })).rejects.toBe(scope.reason);
      });
      const accept = group.spawn(() => listener.accept());
      await sleep(10);
      expect(accept.done).toBe(false);
      accept.cancel();
    });
  });

  test('belongs to the group around: what it leaves open is closed', async () => {
    await taskGroup(async () => {
      const listener = await listenTcp({ port: 0, host });
      let stream: SocketStream | undefined;
      await taskGroup(async () => {
        stream = await connectTcp({ host, port: listener.address.port });
      });
      expect(stream?.socket.closed).toBe(true);
      const peer = await listener.accept();
      expect(await peer.receive()).toBeUndefined();
    });
  });

  test('another byte stream over its socket receives what this one does not; both hear of the end', async () => {
    await taskGroup(async () => {
      const [here, there] = await tcpPair();
      const over = fromDuplex(there.socket);
      const next = over[Symbol.asyncIterator]().next();
      await here.send('for the other');
      expect(String((await next).value)).toBe('for the other');
      const end = over.receive();
      await here.sendEof();
      expect(await end).toBeUndefined();
      expect(await there.receive()).toBeUndefined();
      await Promise.all([over.close(), there.close()]);
    });
  });

  test('reset by the other end: broken, with Node’s error as the cause', async () => {
    await taskGroup(async () => {
      const [here, there] = await tcpPair();
      there.socket.resetAndDestroy();
      await expect(here.receive()).rejects.toMatchObject({
        name: 'BrokenResourceError',
        code: 'ECONNRESET',
        cause: { code: 'ECONNRESET' },
      });
      await expect(here.send('x')).rejects.toMatchObject({
        name: 'BrokenResourceError',
        message: expect.stringContaining('the connection to 127.0.0.1:') as string,
      });
    });
  });

  // rule 262
  test('what came before the other end closed can still be received', async () => {
    await taskGroup(async () => {
      const [here, there] = await tcpPair();
      await there.send('last words');
      await there.close();
      await sleep(10);
      await expect(here.send('x')).resolves.toBeUndefined();
      expect(String(await here.receive(4))).toBe('last');
      expect(String(await here.receive())).toBe(' words');
      expect(await here.receive()).toBeUndefined();
    });
  });
});

describe('connectUnix', () => {
  test('knows the paths of both ends', async () => {
    await taskGroup(async () => {
      const path = join(folder, 'addresses');
      const listener = await listenUnix(path);
      expect(listener.address).toEqual({ path });
      const [here, there] = await pair(listener, () => connectUnix(path));
      expect([here.remoteAddress, here.localAddress]).toEqual([{ path }, { path: '' }]);
      expect([there.remoteAddress, there.localAddress]).toEqual([{ path: '' }, { path }]);
      expect(here.label).toBe(`the connection to ${path}`);
    });
  });

  test('nobody there: Node’s own error', async () => {
    const path = join(folder, 'nobody');
    await expect(connectUnix(path)).rejects.toMatchObject({ code: 'ENOENT', address: path });
  });

  test.each([
    [undefined, undefined, 'TypeError', 'path is undefined'],
    ['', undefined, 'TypeError', 'path is ""'],
    [`/tmp/${'x'.repeat(110)}`, undefined, 'RangeError', '115 bytes'],
    ['/x', 3, 'TypeError', 'options is 3'],
    ['/x', { tls: 1 }, 'TypeError', 'tls is 1'],
  ])('refuses %j, %j', async (path, options, name, message) => {
    await expect(connectUnix(path as never, options as never)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message) as string,
    });
  });

  test('cancelled by a signal while it connects', async () => {
    const path = join(folder, 'cancelled');
    await taskGroup(async () => {
      await listenUnix(path);
      const controller = new AbortController();
      const connecting = connectUnix(path, { signal: controller.signal });
      controller.abort('enough');
      await expect(connecting).rejects.toBe('enough');
    });
  });
});

test('what was sent arrives, also if something was left unread when the stream is closed', async () => {
  await taskGroup(async (group) => {
    const [here, there] = await tcpPair();
    const early = group.spawn(() => here.send(new Uint8Array(200_000)));
    await there.receive(10);
    const sent = group.spawn(() => there.send(new Uint8Array(1_000_000)));
    let received = 0;
    const reading = group.spawn(async () => {
      for await (const bytes of here) received += bytes.length;
      // A close does not wait for a send.
      await early;
      await here.close();
    });
    await sent;
    await there.close();
    await reading;
    expect(received).toBe(1_000_000);
  });
});
