import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { memoryStreamPair, toReadable, toWritable } from '@ambit/io';
import type { ByteStream } from '@ambit/io';
import assert from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

const string = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString();

/** A stream of which each call answers as told. */
function fake(parts: Partial<ByteStream>): ByteStream & { destroyed: number } {
  const none = (): never => assert.fail('not to be called');
  const all = { receive: none, send: none, sendEof: none };
  const stream = { ...all, destroyed: 0, destroy: () => void (stream.destroyed += 1), ...parts };
  return stream as ByteStream & { destroyed: number };
}

test('through a pipeline of Node’s, and back', async () => {
  const [here, there] = memoryStreamPair();
  const big = 'abc'.repeat(100_000);
  await taskGroup(async (group) => {
    group.spawn(async () => {
      await pipeline([big], createGzip(), toWritable(here));
    });
    expect(await text(toReadable(there).pipe(createGunzip()))).toBe(big);
  });
  // Both directions had their end: the other two are open.
  await there.send('still');
  expect(string(await here.receive())).toBe('still');
});

test('as web streams', async () => {
  const [here, there] = memoryStreamPair();
  await taskGroup(async (group) => {
    group.spawn(async () => {
      const writer = toWritable(here, { as: 'web' }).getWriter();
      await writer.write('one ');
      await writer.write(Buffer.from('two'));
      await writer.close();
    });
    expect(await new Response(toReadable(there, { as: 'web' })).text()).toBe('one two');
  });
  await there.send('still');
  expect(string(await here.receive())).toBe('still');
});

test('receives only as far ahead as the reader’s buffer, and sends one piece at a time', async () => {
  let received = 0;
  const source = fake({
    receive: async () => {
      received += 1;
      return Buffer.alloc(16_384);
    },
  });
  const readable = toReadable(source);
  await sleep(2);
  expect(received).toBe(0);
  readable.read();
  await sleep(5);
  expect(received).toBeLessThan(10);
  const before = received;
  const web = toReadable(source, { as: 'web' }).getReader();
  await sleep(2);
  expect(received).toBe(before);
  await web.read();
  expect(received).toBe(before + 1);
  readable.destroy();
  await web.cancel();

  const [here, there] = memoryStreamPair();
  const writable = toWritable(here);
  expect(writable.write(Buffer.alloc(200_000))).toBe(false);
  let drained = false;
  writable.once('drain', () => (drained = true));
  await sleep(2);
  expect(drained).toBe(false);
  const drain = once(writable, 'drain');
  await there.receive();
  await drain;
  writable.destroy();
});

test('an error of the stream is an error of the result, and its end', async () => {
  const error = new Error('cut');
  const fail = (): Promise<never> => Promise.reject(error);
  const readable = toReadable(fake({ receive: fail }));
  await expect(text(readable)).rejects.toBe(error);
  const writable = toWritable(fake({ send: fail }));
  writable.write('x');
  expect(await once(writable, 'error')).toEqual([error]);
  const atEnd = toWritable(fake({ sendEof: fail }));
  atEnd.end();
  expect(await once(atEnd, 'error')).toEqual([error]);

  const source = fake({ receive: fail });
  await expect(toReadable(source, { as: 'web' }).getReader().read()).rejects.toBe(error);
  expect(source.destroyed).toBe(1);
  const target = fake({ send: fail });
  await expect(toWritable(target, { as: 'web' }).getWriter().write('x')).rejects.toBe(error);
  expect(target.destroyed).toBe(1);
});

test('destroyed or cancelled before its end, it destroys the stream', async () => {
  for (const shut of [
    (stream: ByteStream) => toReadable(stream).destroy(),
    (stream: ByteStream) => toWritable(stream).destroy(),
    (stream: ByteStream) => toReadable(stream, { as: 'web' }).cancel(),
    (stream: ByteStream) => toWritable(stream, { as: 'web' }).abort(),
  ]) {
    const [here, there] = memoryStreamPair();
    await shut(here);
    await sleep(0);
    await expect(here.receive()).rejects.toMatchObject({ name: 'ClosedResourceError' });
    expect(await there.receive()).toBeUndefined();
  }
});

test('the group around the call ends it', async () => {
  const [here, there] = memoryStreamPair();
  const [web, far] = memoryStreamPair();
  const made = await taskGroup(async () => ({
    readable: toReadable(here),
    writable: toWritable(there),
    reader: toReadable(web, { as: 'web' }).getReader(),
    writer: toWritable(far, { as: 'web' }).getWriter(),
  }));
  expect(made.readable.destroyed).toBe(true);
  expect(made.writable.destroyed).toBe(true);
  await expect(made.reader.read()).rejects.toMatchObject({ name: 'ClosedResourceError' });
  await expect(made.writer.write('x')).rejects.toMatchObject({ name: 'ClosedResourceError' });
  await expect(made.writer.closed).rejects.toMatchObject({ name: 'ClosedResourceError' });
  for (const stream of [here, there, web, far])
    await expect(stream.receive()).rejects.toMatchObject({ name: 'ClosedResourceError' });
});

test('cancelled where it was made: its error is the cancellation, wherever it is read', async () => {
  const [here] = memoryStreamPair();
  const scope = new CancelScope();
  await scope.run(async () => {
    const readable = toReadable(here);
    const reading = text(readable);
    await sleep(0);
    scope.cancel();
    await expect(reading).rejects.toBe(scope.reason);
  });

  const inner = new CancelScope();
  const [other] = memoryStreamPair();
  await inner.run(async () => {
    const web = toReadable(other, { as: 'web' }).getReader();
    const read = web.read();
    inner.cancel('stop');
    await expect(read).rejects.toBe(inner.reason);
  });
});

// rule 249
test('calls the stream in the context in which it was made', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const source = fake({
    receive: async () => {
      seen.push(storage.getStore());
      return undefined;
    },
  });
  const readable = storage.run('made', () => toReadable(source));
  await storage.run('read', () => text(readable));
  expect(seen).toEqual(['made']);
});

test('refuses bad arguments', () => {
  expect(() => toReadable({} as never)).toThrow(
    'toReadable: stream is an object (Object), not a ByteStream',
  );
  expect(() => toWritable(3 as never)).toThrow('toWritable: stream is 3');
  const [here] = memoryStreamPair();
  expect(() => toReadable(here, { as: 'deno' } as never)).toThrow(
    `toReadable: as is "deno"; give 'node' or 'web'`,
  );
});

test('a cancellation that nobody listens for ends the stream, and not the process', async () => {
  const [here] = memoryStreamPair();
  const [sender] = memoryStreamPair();
  const heard = await taskGroup(async (group) => {
    const readable = toReadable(here).resume();
    const writable = toWritable(sender);
    writable.write(Buffer.alloc(200_000));
    const listening = toReadable(memoryStreamPair()[0]).resume();
    const error = once(listening, 'error');
    // Not by `once`, which listens for 'error' as well.
    const closed = [readable, writable].map((end) => new Promise((done) => end.on('close', done)));
    await sleep(5);
    group.cancel();
    await Promise.all(closed);
    expect([readable.errored, writable.errored]).toEqual([null, null]);
    return (await error) as Error[];
  });
  expect(heard[0]).toMatchObject({ name: 'AbortError' });
});
