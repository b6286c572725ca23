import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelScope, run, taskGroup } from '@ambit/core';
import {
  bufferedReader,
  connectTcp,
  connectUnix,
  copy,
  events,
  fetch,
  listenTcp,
  listenUnix,
  memoryStreamPair,
  openFile,
  openProcess,
  openSignals,
  openUdp,
  pipe,
  readFile,
  runProcess,
  serveHttp,
  temporaryDirectory,
  textStream,
  writeFile,
} from '@ambit/io';
import type { SignalOptions } from '@ambit/io';
import { untilTimerAnyway } from '../../core/test/support/until-timer.ts';

// A loop that catches each error does not end when its scope is cancelled. It must not freeze the process: see core's test of the name.

type Call = (options: SignalOptions) => Promise<unknown>;

const host = '127.0.0.1';
const nowhere = join(tmpdir(), 'ambit-refused-calls');
const signalOf = ({ signal }: SignalOptions): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

/** Each of a kind that has its own way to refuse. */
const calls: Record<string, () => Call | Promise<Call>> = {
  'receive from a stream in memory': () => {
    const [stream] = memoryStreamPair();
    return (options) => stream.receive(undefined, options);
  },
  'send to a stream in memory': () => {
    const [stream] = memoryStreamPair();
    return (options) => stream.send('x', options);
  },
  'sendEof of a stream in memory': () => {
    const [stream] = memoryStreamPair();
    return (options) => stream.sendEof(options);
  },
  'receive from a connection': async () => {
    const listener = await listenTcp({ port: 0, host });
    const stream = await connectTcp(listener.address);
    return (options) => stream.receive(undefined, options);
  },
  'send to a connection': async () => {
    const listener = await listenTcp({ port: 0, host });
    const stream = await connectTcp(listener.address);
    return (options) => stream.send('x', options);
  },
  accept: async () => {
    const listener = await listenTcp({ port: 0, host });
    return (options) => listener.accept(options);
  },
  'serve of a listener': async () => {
    const listener = await listenTcp({ port: 0, host });
    return (options) => listener.serve(() => Promise.resolve(), signalOf(options));
  },
  'a stream of text': () => {
    const stream = textStream(memoryStreamPair()[0]);
    return (options) => stream.receive(options);
  },
  'a reader': () => {
    const reader = bufferedReader(memoryStreamPair()[0]);
    return (options) => reader.readUntil('\n', options);
  },
  pipe: () => {
    const [here, there] = memoryStreamPair();
    return (options) => pipe(here, there, signalOf(options));
  },
  'receive of a UDP socket': async () => {
    const socket = await openUdp({ host });
    return (options) => socket.receive(options);
  },
  'send of a UDP socket': async () => {
    const socket = await openUdp({ host });
    return (options) => socket.send('x', 9, host, options);
  },
  openUdp: () => (options) => openUdp({ host, ...signalOf(options) }),
  connectTcp: () => (options) => connectTcp({ port: 9, host, ...signalOf(options) }),
  connectUnix: () => (options) => connectUnix(nowhere, signalOf(options)),
  listenTcp: () => (options) => listenTcp({ port: 0, host, ...signalOf(options) }),
  listenUnix: () => (options) => listenUnix(nowhere, signalOf(options)),
  serveHttp: () => (options) => serveHttp(() => undefined, { port: 0, ...signalOf(options) }),
  fetch: () => (options) => fetch(`http://${host}:9/`, signalOf(options)),
  readFile: () => (options) => readFile(nowhere, signalOf(options)),
  writeFile: () => (options) => writeFile(nowhere, 'x', signalOf(options)),
  openFile: () => (options) => openFile(nowhere, 'r', signalOf(options)),
  copy: () => (options) => copy(nowhere, nowhere, signalOf(options)),
  temporaryDirectory: () => (options) => temporaryDirectory(signalOf(options)),
  openProcess: () => (options) => openProcess('true', [], signalOf(options)),
  runProcess: () => (options) => runProcess('true', [], signalOf(options)),
  events: () => (options) => events(new EventEmitter(), 'event', signalOf(options)).next(),
  openSignals: () => {
    const opened = openSignals('SIGUSR2');
    return (options) => {
      const signals = options.signal === undefined ? opened : openSignals('SIGUSR2', options);
      return signals[Symbol.asyncIterator]().next();
    };
  },
};

describe('timers come through a loop of calls that', () => {
  const loop = (makeCall: () => Call | Promise<Call>, options: SignalOptions): Promise<number> =>
    run(
      () =>
        taskGroup(async () => {
          const call = await makeCall();
          const scope = new CancelScope();
          return (await scope.run(() => {
            if (options.signal === undefined) scope.cancel();
            return untilTimerAnyway(() => call(options));
          })) as number;
        }),
      { signals: [] },
    );

  test.each(Object.entries(calls))('a cancelled scope refuses: %s', async (_, makeCall) => {
    expect(await loop(makeCall, {})).toBeLessThan(400);
  });

  test.each(Object.entries(calls))('an aborted signal refuses: %s', async (_, makeCall) => {
    expect(await loop(makeCall, { signal: AbortSignal.abort('too late') })).toBeLessThan(400);
  });
});
