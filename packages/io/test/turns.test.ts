import { CancelScope, taskGroup } from '@ambit/core';
import {
  bufferedReader,
  connectTcp,
  listenTcp,
  memoryStreamPair,
  openSignals,
  openUdp,
  textStream,
} from '@ambit/io';
import type { ByteStream, SignalOptions } from '@ambit/io';

// Of calls that are one at a time: one that was cancelled first is not in the way of another (rule 21).

const host = '127.0.0.1';

interface Line {
  readonly receive: (options?: SignalOptions) => Promise<unknown>;
  readonly send: () => Promise<void> | void;
}

async function connection(): Promise<readonly [ByteStream, ByteStream]> {
  const listener = await listenTcp({ port: 0, host });
  return [await connectTcp(listener.address), await listener.accept()];
}

const overBytes = ([here, there]: readonly [ByteStream, ByteStream]): Line => ({
  receive: async (options) => String(await there.receive(undefined, options)),
  send: () => here.send('x\n'),
});

const lines: Record<string, () => Line | Promise<Line>> = {
  'a connection': async () => overBytes(await connection()),
  'a stream in memory': () => overBytes(memoryStreamPair()),
  'a stream of text': async () => {
    const [here, there] = await connection();
    const receiving = textStream(there);
    return { receive: (options) => receiving.receive(options), send: () => here.send('x\n') };
  },
  'a reader': async () => {
    const [here, there] = await connection();
    const reader = bufferedReader(there);
    return {
      receive: async (options) => String(await reader.readUntil('\n', options)),
      send: () => here.send('x\n'),
    };
  },
  'a UDP socket': async () => {
    const [here, there] = [await openUdp({ host }), await openUdp({ host })];
    return {
      receive: async (options) => String((await there.receive(options)).data),
      send: () => here.send('x\n', there.address.port, host),
    };
  },
};

describe.each(Object.entries(lines))('%s', (_name, open) => {
  test.each([
    ['a scope', (scope: CancelScope) => scope.cancel()],
    ['a signal', (_scope: CancelScope, controller: AbortController) => controller.abort()],
  ])('a receive that %s has cancelled makes way in the same turn', async (_by, cancel) => {
    await taskGroup(async (group) => {
      const { receive, send } = await open();
      const [scope, controller] = [new CancelScope(), new AbortController()];
      const first = scope.run(() => receive({ signal: controller.signal })).catch(() => undefined);
      cancel(scope, controller);
      const second = group.spawn(() => receive());
      await expect(receive()).rejects.toMatchObject({ name: 'BusyResourceError' });
      expect(await first).toBeUndefined();
      await expect(receive()).rejects.toMatchObject({ name: 'BusyResourceError' });
      await send();
      expect(await second).toBe('x\n');
    });
  });

  test('a receive that has come first is not overtaken, although it is cancelled then', async () => {
    await taskGroup(async (group) => {
      const { receive, send } = await open();
      const scope = new CancelScope();
      const first = group.spawn(() => scope.run(() => receive()));
      await send();
      await first;
      scope.cancel();
      expect(await first).toBe('x\n');
    });
  });
});

test('signals: a loop that was cancelled makes way in the same turn', async () => {
  using signals = openSignals('SIGUSR2');
  const next = (): Promise<IteratorResult<NodeJS.Signals>> =>
    signals[Symbol.asyncIterator]().next();
  const scope = new CancelScope();
  const first = scope.run(next);
  scope.cancel();
  const second = next();
  await expect(next()).rejects.toMatchObject({ name: 'BusyResourceError' });
  expect(await first).toBeUndefined();
  await expect(next()).rejects.toMatchObject({ name: 'BusyResourceError' });
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await second).toEqual({ done: false, value: 'SIGUSR2' });
});

test.each([
  ['a connection', connection],
  ['a stream in memory', () => Promise.resolve(memoryStreamPair())],
])('%s: a send that was cancelled makes way in the same turn', async (_name, open) => {
  await taskGroup(async (group) => {
    const [here, there] = await open();
    const scope = new CancelScope();
    const first = scope.run(() => here.send('x'.repeat(30_000_000)));
    scope.cancel();
    const second = group.spawn(() => here.send('after'));
    await expect(here.send('')).rejects.toMatchObject({ name: 'BusyResourceError' });
    expect(await first).toBeUndefined();
    await expect(here.send('')).rejects.toMatchObject({ name: 'BusyResourceError' });
    let end = '';
    while (!end.endsWith('after')) end = (end + String(await there.receive())).slice(-5);
    await second;
  });
});
