import { run } from '@ambit/core';
import {
  bufferedReader,
  connectTcp,
  events,
  fetch,
  listenTcp,
  memoryStreamPair,
  once,
  openFile,
  openProcess,
  openUdp,
  readFile,
  readLines,
  runProcess,
  serveHttp,
  sse,
  temporaryFile,
  watch,
  writeFile,
} from '@ambit/io';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Types forbid what is bad here; users of plain JavaScript have none. */
const bad = (value: unknown): never => value as never;

const flag = (where: string, value: string) => `${where} is ${value}; give true or false`;

const file = 'no-such-directory/file';
const [stream] = memoryStreamPair();

test.each<[string, () => unknown]>([
  ['bufferedReader: limit is null, not', () => bufferedReader(stream, { limit: bad(null) })],
  ['readLines: limit is null, not', () => readLines(file, { limit: bad(null) })],
  [flag('watch: recursive', '"x"'), () => watch('.', { recursive: bad('x') })],
  ['events: name is Symbol(x)', () => events(new EventTarget(), bad(Symbol('x')))],
])('%s: is thrown at once', (message, call) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(message);
});

test.each<[string, () => Promise<unknown>]>([
  ['openProcess: stdin is null; give', () => openProcess('true', [], { stdin: bad(null) })],
  ['runProcess: stdout is null; give', () => runProcess('true', [], { stdout: bad(null) })],
  ['openUdp: remote is null; give { host, port }', () => openUdp({ remote: bad(null) })],
  ['openUdp: remote is "x"; give { host, port }', () => openUdp({ remote: bad('x') })],
  ['once: name is Symbol(x)', () => once(new EventTarget(), bad(Symbol('x')))],
  [flag('writeFile: atomic', '"x"'), () => writeFile(file, '', { atomic: bad('x') })],
  ['writeFile: mode is "x", not', () => writeFile(file, '', { atomic: true, mode: bad('x') })],
  ['writeFile: mode is null, not', () => writeFile(file, '', { mode: bad(null) })],
  ['openFile: mode is true, not', () => openFile(file, 'w', { mode: bad(true) })],
  ['writeFile: encoding is 0; give', () => writeFile(file, '', { encoding: bad(0) })],
  ['readFile: encoding is "x"; give', () => readFile(file, bad('x'))],
  ['readFile: encoding is NaN; give', () => readFile(file, { encoding: bad(NaN) })],
  [
    'connectTcp: localAddress is "x"; give an IP address',
    () => connectTcp({ host: '127.0.0.1', port: 1, localAddress: 'x' }),
  ],
  ['Failed to parse URL', () => fetch(bad(null))],
])('%s: rejects', async (message, call) => {
  const rejected = run(call);
  // By name: fetch throws that of Node's own realm.
  await expect(rejected).rejects.toMatchObject({ name: 'TypeError' });
  await expect(rejected).rejects.toThrow(message);
});

test('a service that is never to end is refused', () =>
  expect(serveHttp(() => undefined, { port: 0, lameDuck: Infinity })).rejects.toThrow(
    new RangeError('serveHttp: lameDuck is Infinity, and it would never end; give an end'),
  ));

test.each<[string, unknown]>([
  ['sse: data is function f; give', [{ data: function f() {} }]],
  ['sse: data is 1; give', [{ data: 1n }]],
  ['sse: event is an object (Object); give a string', [{ data: 1, event: {} }]],
  ['sse: id is null; give a string', [{ data: 1, id: null }]],
  ['sse: source returned undefined; return an iterable', () => undefined],
])('%s: of an event', async (message, source) => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  await expect(sse(response, bad(source))).rejects.toThrow(message);
});

test('a process gets no other signal than the one that was meant', () =>
  run(async () => {
    await using child = await openProcess('sleep', ['5']);
    for (const [value, shown] of [
      [undefined, 'undefined'],
      [0, '0'],
      ['', '""'],
      ['SIGFOO', '"SIGFOO"'],
    ] as const) {
      const message = `kill: signal is ${shown}; give the name of a signal, as 'SIGTERM'`;
      expect(() => child.kill(bad(value))).toThrow(new TypeError(message));
    }
    child.kill('SIGKILL');
    expect(await child.wait()).toEqual({ code: null, signal: 'SIGKILL' });
  }));

test('a connection whose TLS is refused at the door goes on as it was', () =>
  run(async () => {
    await using listener = await listenTcp({ host: '127.0.0.1', port: 0 });
    await using client = await connectTcp(listener.address);
    await using served = await listener.accept();
    await expect(client.startTls({ isServer: bad('yes') })).rejects.toThrow(
      flag('startTls: isServer', '"yes"'),
    );
    await expect(client.startTls({}, bad(5))).rejects.toThrow('startTls: options is 5; give');
    await client.send('plain');
    expect(Buffer.from((await served.receive()) ?? []).toString()).toBe('plain');
  }));

test('permission bits of a Stats are taken as Node takes them', () =>
  run(async () => {
    await using place = await temporaryFile();
    await writeFile(place.path, 'x', { mode: 0o100644, encoding: 'utf8' });
    expect(await readFile(place.path, { encoding: null })).toEqual(Buffer.from('x'));
  }));
