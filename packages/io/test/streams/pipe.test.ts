import { CancelScope, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import { memoryStreamPair, pipe } from '@ambit/io';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';

const string = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString();

test('sends all of it, tells how far it is, sends the end on, and leaves both open', async () => {
  const [source, from] = memoryStreamPair();
  const [to, sink] = memoryStreamPair();
  const seen: number[] = [];
  await taskGroup(async (group) => {
    const piped = group.spawn(() => pipe(from, to, { onProgress: (done) => seen.push(done) }));
    await source.send('abc');
    expect(string(await sink.receive())).toBe('abc');
    await source.send('de');
    await source.sendEof();
    expect(await piped).toBe(5);
  });
  expect(seen).toEqual([3, 5]);
  expect(string(await sink.receive())).toBe('de');
  expect(await sink.receive()).toBeUndefined();
  await from.send('back');
  expect(string(await source.receive())).toBe('back');
  await sink.send('back');
  expect(string(await to.receive())).toBe('back');
});

test('from file to file, through Node’s streams', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pipe-'));
  try {
    const bytes = Buffer.alloc(300_000, 'abcdefg');
    await writeFile(join(folder, 'in'), bytes);
    const target = createWriteStream(join(folder, 'out'));
    expect(await pipe(createReadStream(join(folder, 'in')), target)).toBe(300_000);
    expect(target.closed).toBe(true);
    expect((await readFile(join(folder, 'out'))).equals(bytes)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('web streams at both ends', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  await taskGroup(async (group) => {
    const piped = group.spawn(() => pipe(new Response('hello').body!, writable));
    expect(await new Response(readable).text()).toBe('hello');
    expect(await piped).toBe(5);
  });
});

test('goes at the pace of the slower one', async () => {
  let produced = 0;
  const source = { receive: async () => ((produced += 1), Buffer.alloc(10_000)) };
  const [to] = memoryStreamPair();
  await moveOnAfter(10, () => pipe(source, to));
  expect(produced).toBeLessThan(10);
});

test('an error of the source: no end is sent on, and a writable of Node’s is destroyed', async () => {
  const cause = new Error('cut');
  const [to, sink] = memoryStreamPair();
  const failing = (): Readable =>
    new Readable({
      read() {
        this.destroy(cause);
      },
    });
  await expect(pipe(failing(), to)).rejects.toMatchObject({ cause });
  expect(await moveOnAfter(2, async () => (await sink.receive(), 'the end'))).toBeUndefined();
  const through = new PassThrough();
  await expect(pipe(failing(), through)).rejects.toMatchObject({ cause });
  expect(through.destroyed).toBe(true);
  expect(through.writableEnded).toBe(false);
});

test('an error of the destination: a readable of Node’s is destroyed', async () => {
  const cause = new Error('full');
  const source = Readable.from([Buffer.from('abc')], { objectMode: false });
  const target = new Writable({ write: (_chunk, _encoding, done) => done(cause) });
  await expect(pipe(source, target)).rejects.toMatchObject({ cause });
  expect(source.destroyed).toBe(true);
});

test('what onProgress throws ends it', async () => {
  const [to] = memoryStreamPair();
  const boom = new Error('boom');
  const source = Readable.from([Buffer.from('abc')], { objectMode: false });
  const onProgress = (): never => {
    throw boom;
  };
  await expect(pipe(source, to, { onProgress })).rejects.toBe(boom);
  expect(source.destroyed).toBe(true);
});

test('cancelled while it waits, by scope or signal, and before', async () => {
  const [, from] = memoryStreamPair();
  const [to, sink] = memoryStreamPair();
  const scope = new CancelScope();
  const through = new PassThrough();
  await scope.run(async () => {
    const piped = pipe(from, through);
    await sleep(1);
    scope.cancel();
    await expect(piped).rejects.toBe(scope.reason);
    expect(through.destroyed).toBe(true);
    expect(through.writableEnded).toBe(false);
    await expect(pipe(from, to)).rejects.toBe(scope.reason);
  });
  const controller = new AbortController();
  const piped = expect(pipe(from, to, { signal: controller.signal })).rejects.toBe('stop');
  await sleep(1);
  controller.abort('stop');
  await piped;
  await expect(pipe(from, to, { signal: controller.signal })).rejects.toBe('stop');
  await to.send('still');
  expect(string(await sink.receive())).toBe('still');
});

test('refuses bad arguments, and holds nothing then', async () => {
  const [here] = memoryStreamPair();
  const through = new PassThrough();
  await expect(pipe(3 as never, here)).rejects.toThrow('fromReadable: readable is 3');
  await expect(pipe(here, {} as never)).rejects.toThrow('fromWritable: writable is an object');
  await expect(pipe(undefined as never, undefined as never)).rejects.toThrow(TypeError);
  await expect(pipe(here, here, { onProgress: 3 as never })).rejects.toThrow('onProgress is 3');
  await expect(pipe(here, here, { signal: {} as never })).rejects.toThrow('signal');
  await expect(pipe(through, 3 as never)).rejects.toThrow(TypeError);
  expect(through.destroyed).toBe(true);
});
