// rule 265
import { CancelScope, taskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { getRunningLoop } from '@ambit/core';
import { connectTcp, listenTcp } from '@ambit/io';
import dns from 'node:dns';
import net from 'node:net';
import { interleave } from '../../src/net/lookup.ts';

const host = '127.0.0.1';

/** `comes`: 'connect', or the code of an error. */
type Fate = { readonly after: number; readonly comes: string } | 'never';

/** A host whose addresses fare as given, on virtual time. Nothing of it is real but the sockets, which are never connected. */
class Stage {
  readonly log: string[] = [];
  readonly sockets = new Map<string, net.Socket>();

  constructor(fates: Readonly<Record<string, Fate>>) {
    jest.spyOn(dns, 'lookup').mockImplementation(((
      _host: string,
      _options: unknown,
      done: Done,
    ) => {
      const addresses = Object.keys(fates).map((address) => ({
        address,
        family: net.isIP(address),
      }));
      queueMicrotask(() => done(null, addresses));
    }) as never);
    jest.spyOn(net, 'connect').mockImplementation(((options: { host: string; family: number }) => {
      const { host: address } = options;
      const loop = getRunningLoop();
      this.log.push(`${address} at ${String(Math.round(loop.now()))}`);
      expect(options.family).toBe(net.isIP(address));
      const socket = new net.Socket({ allowHalfOpen: true });
      this.sockets.set(address, socket);
      const fate = fates[address]!;
      if (fate !== 'never') loop.callLater(fate.after, () => settle(socket, fate.comes));
      return socket;
    }) as never);
  }

  /** The addresses whose sockets are open. */
  get open(): string[] {
    return [...this.sockets].filter(([, { closed }]) => !closed).map(([address]) => address);
  }
}

type Done = (error: null, addresses: readonly { address: string; family: number }[]) => void;

function settle(socket: net.Socket, event: string): void {
  if (socket.destroyed) return;
  if (event === 'connect') socket.emit('connect');
  else socket.destroy(Object.assign(new Error(`connect ${event}`), { code: event }));
}

afterEach(() => jest.restoreAllMocks());

const dial = (options?: object): ReturnType<typeof connectTcp> =>
  connectTcp({ host: 'many.example', port: 80, ...options });

test('the next address is tried every 250 ms; the first that connects wins, the others are closed', () =>
  testRun(async () => {
    const stage = new Stage({
      '10.0.0.1': 'never',
      '10.0.0.2': 'never',
      '10.0.0.3': { after: 100, comes: 'connect' },
      '10.0.0.4': 'never',
    });
    const stream = await dial();
    expect(stream.socket).toBe(stage.sockets.get('10.0.0.3'));
    expect(stage.log).toEqual(['10.0.0.1 at 0', '10.0.0.2 at 250', '10.0.0.3 at 500']);
    expect(stage.open).toEqual(['10.0.0.3']);
    expect(getRunningLoop().now()).toBe(600);
    stream.destroy();
  }));

test('one that fails lets the next begin at once', () =>
  testRun(async () => {
    const stage = new Stage({
      '10.0.0.1': { after: 10, comes: 'ECONNREFUSED' },
      '10.0.0.2': { after: 20, comes: 'ENETUNREACH' },
      '10.0.0.3': { after: 0, comes: 'connect' },
    });
    const stream = await dial();
    expect(stage.log).toEqual(['10.0.0.1 at 0', '10.0.0.2 at 10', '10.0.0.3 at 30']);
    stream.destroy();
  }));

test('an earlier one may still win, though a later one has begun', () =>
  testRun(async () => {
    const stage = new Stage({
      '10.0.0.1': { after: 260, comes: 'connect' },
      '10.0.0.2': 'never',
    });
    const stream = await dial();
    expect(stream.socket).toBe(stage.sockets.get('10.0.0.1'));
    expect(stage.open).toEqual(['10.0.0.1']);
    stream.destroy();
  }));

test('two that connect in one turn: one is taken, the other closed', () =>
  testRun(async () => {
    const stage = new Stage({
      '10.0.0.1': { after: 300, comes: 'connect' },
      '10.0.0.2': { after: 50, comes: 'connect' },
    });
    const stream = await dial();
    expect(stage.open).toEqual(['10.0.0.1']);
    stream.destroy();
  }));

test('all fail: an AggregateError of all errors, in order, that says where to', () =>
  testRun(async () => {
    const stage = new Stage({
      '10.0.0.1': { after: 400, comes: 'ETIMEDOUT' },
      '10.0.0.2': { after: 10, comes: 'ECONNREFUSED' },
    });
    await expect(dial()).rejects.toMatchObject({
      name: 'AggregateError',
      message:
        'connectTcp: cannot connect to many.example:80: connect ETIMEDOUT; connect ECONNREFUSED',
      code: 'ETIMEDOUT',
      errors: [{ code: 'ETIMEDOUT' }, { code: 'ECONNREFUSED' }],
    });
    expect(stage.open).toEqual([]);
  }));

test('one address: Node’s own error', () =>
  testRun(async () => {
    new Stage({ '10.0.0.1': { after: 400, comes: 'ETIMEDOUT' } });
    await expect(dial()).rejects.toMatchObject({ name: 'Error', code: 'ETIMEDOUT' });
  }));

test('cancelled, all sockets are closed before the cancellation comes out', () =>
  testRun(async () => {
    const stage = new Stage({ '10.0.0.1': 'never', '10.0.0.2': 'never', '10.0.0.3': 'never' });
    const scope = new CancelScope({ timeout: 300 });
    await scope.run(async () => {
      const error: unknown = await dial().catch((reason: unknown) => reason);
      expect(error).toBe(scope.reason);
      expect(stage.open).toEqual([]);
    });
    expect(stage.log).toEqual(['10.0.0.1 at 0', '10.0.0.2 at 250']);
  }));

test('a signal ends it with its reason, and closes all sockets', () =>
  testRun(async () => {
    const stage = new Stage({ '10.0.0.1': 'never', '10.0.0.2': 'never' });
    const controller = new AbortController();
    getRunningLoop().callLater(260, () => controller.abort('no time'));
    await expect(dial({ signal: controller.signal })).rejects.toBe('no time');
    expect(stage.log).toHaveLength(2);
    expect(stage.open).toEqual([]);
  }));

test('cancelled in the very turn in which one connects: it is the caller’s, or it is closed', () =>
  testRun(async () => {
    for (const first of ['connect', 'cancel']) {
      const stage = new Stage({ '10.0.0.1': 'never', '10.0.0.2': 'never' });
      const scope = new CancelScope();
      const start = getRunningLoop().now();
      const dialled = scope.run(async () => dial());
      getRunningLoop().callAt(start + 300, () => {
        const connect = (): unknown => stage.sockets.get('10.0.0.2')!.emit('connect');
        if (first === 'connect') connect();
        scope.cancel();
        if (first === 'cancel') connect();
      });
      const stream = await dialled;
      expect(stage.open).toEqual(stream === undefined ? [] : ['10.0.0.2']);
      stream?.destroy();
    }
  }));

test('IPv6 and IPv4 take turns, the system’s first stays first', () => {
  const list = (...names: string[]) =>
    names.map((address) => ({
      address,
      family: address.includes(':') ? (6 as const) : (4 as const),
    }));
  const order = (...names: string[]) => interleave(list(...names)).map(({ address }) => address);
  expect(order('::1', '::2', '::3', '1.1.1.1', '1.1.1.2')).toEqual([
    '::1',
    '1.1.1.1',
    '::2',
    '1.1.1.2',
    '::3',
  ]);
  expect(order('1.1.1.1', '1.1.1.2', '::1')).toEqual(['1.1.1.1', '::1', '1.1.1.2']);
  expect(order('1.1.1.1', '1.1.1.2')).toEqual(['1.1.1.1', '1.1.1.2']);
  expect(order()).toEqual([]);
});

test('connects in that order', () =>
  testRun(async () => {
    const stage = new Stage({
      '::1': 'never',
      '::2': 'never',
      '10.0.0.1': 'never',
      '10.0.0.2': { after: 0, comes: 'connect' },
    });
    const stream = await dial();
    expect(stage.log.map((line) => line.split(' ')[0])).toEqual([
      '::1',
      '10.0.0.1',
      '::2',
      '10.0.0.2',
    ]);
    stream.destroy();
  }));

test('from an address of one family, only that family is tried', () =>
  testRun(async () => {
    const stage = new Stage({ '::1': 'never', '10.0.0.1': { after: 0, comes: 'connect' } });
    const stream = await dial({ localAddress: '10.9.9.9' });
    expect(stage.log).toEqual(['10.0.0.1 at 0']);
    stream.destroy();
  }));

test('on real sockets: refused at one address, accepted at another; nothing else is left open', async () => {
  await taskGroup(async () => {
    const listener = await listenTcp({ port: 0, host });
    jest.spyOn(dns, 'lookup').mockImplementation(((
      _host: string,
      _options: unknown,
      done: Done,
    ) => {
      done(
        null,
        ['127.0.0.2', '127.0.0.3', host].map((address) => ({ address, family: 4 })),
      );
    }) as never);
    const stream = await connectTcp({ host: 'many.example', port: listener.address.port });
    expect(stream.remoteAddress).toEqual(listener.address);
    expect((await listener.accept()).remoteAddress).toEqual(stream.localAddress);
    await listener.close();
    await expect(
      connectTcp({ host: 'many.example', port: listener.address.port }),
    ).rejects.toMatchObject({
      name: 'AggregateError',
      code: 'ECONNREFUSED',
      errors: [{ address: '127.0.0.2' }, { address: '127.0.0.3' }, { address: host }],
    });
  });
});
