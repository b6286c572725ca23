import { moveOnAfter, sleep, taskGroup } from '@ambit/core';
import {
  fromDuplex,
  fromReadable,
  fromWritable,
  memoryStreamPair,
  toReadable,
  toWritable,
} from '@ambit/io';
import type { ByteStream } from '@ambit/io';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as nodeStream from 'node:stream';
import { PassThrough, Readable, Writable } from 'node:stream';
import { byteStreamContract } from '../contracts/byte-stream.ts';
import { duplexPair, webPipe } from '../support/stream-pairs.ts';

byteStreamContract('fromDuplex over Node’s duplex streams', async () => {
  const [here, there] = duplexPair();
  return [fromDuplex(here), fromDuplex(there)];
});

byteStreamContract('fromDuplex over web streams', async () => {
  const [there, back] = [webPipe(), webPipe()];
  return [
    fromDuplex({ readable: back.readable, writable: there.writable }),
    fromDuplex({ readable: there.readable, writable: back.writable }),
  ];
});

byteStreamContract('through web streams and back', async () => {
  const [here, there] = memoryStreamPair();
  const web = {
    readable: toReadable(there, { as: 'web' }),
    writable: toWritable(there, { as: 'web' }),
  };
  return [here, fromDuplex(web)];
});

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString();

async function allOf(stream: ByteStream): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const pieces = ['ä', 'bc'.repeat(99_500), 'ö'.repeat(50_000)].map((each) => Buffer.from(each));

/** Each read gives a piece at once. */
function pushing(left: Buffer[]): Readable {
  return new Readable({
    read() {
      this.push(left.shift() ?? null);
    },
  });
}

describe('fromReadable', () => {
  test('reads nothing before it is asked, and then no further ahead than the stream itself', async () => {
    let count = 0;
    const readable = new Readable({
      highWaterMark: 4,
      read() {
        count += 1;
        this.push('abcd');
      },
    });
    const stream = fromReadable(readable);
    await sleep(5);
    expect(count).toBe(0);
    expect(text(await stream.receive(2))).toBe('ab');
    await sleep(5);
    expect(count).toBeLessThan(5);
    await stream.close();
    expect(readable.destroyed).toBe(true);
  });

  test.each([
    ['of bytes', () => Readable.from(pieces, { objectMode: false })],
    ['of objects', () => Readable.from(pieces)],
    ['of texts', () => Readable.from(pieces.map(String)).setEncoding('utf8')],
    ['that gives an empty piece', () => Readable.from([Buffer.alloc(0), ...pieces])],
    ['of the web', () => ReadableStream.from(pieces)],
    ['that pushes while it is read', () => pushing([...pieces])],
  ])('receive(max) gives max at most, and loses nothing: a stream %s', async (_name, make) => {
    for (const max of [1, 7, 150_000]) {
      const stream = fromReadable(make() as Readable);
      const received: Uint8Array[] = [];
      for (;;) {
        const bytes = await stream.receive(max);
        if (bytes === undefined) break;
        expect(bytes.length).toBeGreaterThan(0);
        expect(bytes.length).toBeLessThanOrEqual(max);
        received.push(bytes);
        if (received.length > 100) break;
      }
      const rest = await allOf(stream);
      expect(Buffer.concat(received).toString() + rest).toBe(pieces.join(''));
    }
  });

  test('the end, each time', async () => {
    const stream = fromReadable(
      Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false }),
    );
    expect(await allOf(stream)).toBe('ab');
    expect(await stream.receive()).toBeUndefined();
  });

  // rule 262: what came before the error is still there
  test('an error of the stream comes out as the cause, after what came before it', async () => {
    const cause = Object.assign(new Error('disk on fire'), { code: 'EIO' });
    async function* source(): AsyncGenerator<string> {
      yield 'before';
      await sleep(1);
      throw cause;
    }
    const stream = fromReadable(Readable.from(source(), { objectMode: false }));
    expect(text(await stream.receive())).toBe('before');
    await expect(stream.receive()).rejects.toMatchObject({
      name: 'BrokenResourceError',
      code: 'EIO',
      cause,
    });
    await expect(stream.receive()).rejects.toMatchObject({ cause });
  });

  test('an error of a web stream, and one that is in use already', async () => {
    const cause = new Error('cut');
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(cause),
    });
    await expect(fromReadable(web).receive()).rejects.toMatchObject({ cause });
    const used = new ReadableStream();
    used.getReader();
    expect(() => fromReadable(used)).toThrow('locked');
  });

  test('a web stream is cancelled when it is closed', async () => {
    let cancelled = 0;
    const web = new ReadableStream({ cancel: () => void (cancelled += 1) });
    await taskGroup(async () => {
      const stream = fromReadable(web);
      expect(await moveOnAfter(1, () => stream.receive())).toBeUndefined();
    });
    expect(cancelled).toBe(1);
  });

  test('a stream that was destroyed without an end is broken', async () => {
    const through = new PassThrough();
    const stream = fromReadable(through);
    const pending = expect(stream.receive()).rejects.toMatchObject({ name: 'BrokenResourceError' });
    through.destroy();
    await pending;
  });

  test('nothing can be sent to it', async () => {
    await expect(fromReadable(new PassThrough()).send('x')).rejects.toThrow(
      'can only be received from',
    );
  });
});

describe('fromWritable', () => {
  test('sendEof waits until the stream has finished', async () => {
    const written: string[] = [];
    const writable = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
      final: (done) => {
        setTimeout(() => {
          written.push('final');
          done();
        }, 5);
      },
    });
    const stream = fromWritable(writable);
    await stream.send('a');
    await stream.sendEof();
    expect(written).toEqual(['a', 'final']);
  });

  test('a send waits for the write; its error comes out, each time', async () => {
    const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const writable = new Writable({
      write: (_chunk, _encoding, done) => void setTimeout(done, 2, cause),
    });
    const stream = fromWritable(writable);
    await expect(stream.send('a')).rejects.toMatchObject({
      name: 'BrokenResourceError',
      code: 'ENOSPC',
      cause,
    });
    await expect(stream.send('b')).rejects.toMatchObject({ cause });
    await stream.close();
  });

  test('a web stream: back-pressure, the end, an error', async () => {
    const written: string[] = [];
    let release = (): void => undefined;
    const web = new WritableStream<Uint8Array>({
      write: (chunk) => {
        written.push(Buffer.from(chunk).toString());
        if (written.length === 3) throw new Error('enough');
        return new Promise((resolve) => (release = resolve));
      },
    });
    const stream = fromWritable(web);
    await taskGroup(async (group) => {
      const send = group.spawn(() => stream.send('größe'));
      await sleep(2);
      expect(send.done).toBe(false);
      release();
      await send;
      group.spawn(() => stream.send('two'));
      await sleep(1);
      release();
    });
    await expect(stream.send('three')).rejects.toMatchObject({ cause: { message: 'enough' } });
    expect(written).toEqual(['größe', 'two', 'three']);
  });

  test('what a web stream was given is its own: the buffer may be used again', async () => {
    const kept: Uint8Array[] = [];
    const web = new WritableStream<Uint8Array>({ write: (chunk) => void kept.push(chunk) });
    const bytes = Buffer.from('kept');
    await fromWritable(web).send(bytes);
    bytes.fill(0);
    expect(kept.map(text)).toEqual(['kept']);
  });

  // rule 258
  test('a second close does not cut short what the first one waits for', async () => {
    const order: string[] = [];
    const writable = new Writable({
      final: (done) => {
        setTimeout(() => {
          order.push('final');
          done();
        }, 5);
      },
      destroy: (error, done) => {
        order.push('destroy');
        done(error);
      },
    });
    const stream = fromWritable(writable);
    await Promise.all([stream.close(), stream.close()]);
    expect(order).toEqual(['final', 'destroy']);
  });

  // In a program of its own: the sandbox has another stdout.
  test('the program’s own stdout stays open, and keeps no listener', () => {
    const program = `
      import { fromWritable, pipe } from '@ambit/io';
      import { Readable } from 'node:stream';
      const { stdout } = process;
      const before = stdout.listenerCount('error');
      for (const end of ['close', 'destroy', 'sendEof']) {
        const stream = fromWritable(stdout);
        await stream.send(end + ' ');
        await stream[end]();
        await stream.close();
      }
      await pipe(Readable.from(['piped '], { objectMode: false }), stdout);
      await new Promise(setImmediate);
      const isAsBefore = stdout.listenerCount('error') === before;
      console.log(isAsBefore && !stdout.destroyed && !stdout.writableEnded);`;
    const flags = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, flags, { cwd: join(__dirname, '../..') });
    expect(String(stdout)).toBe('close destroy sendEof piped true\n');
  });

  test('nothing can be received from it', async () => {
    await expect(fromWritable(new PassThrough()).receive()).rejects.toThrow('can only be sent to');
  });
});

test.each([undefined, null, 3, 'text', {}, [], new Event('x')])('%p is no stream', (value) => {
  for (const from of [fromReadable, fromWritable, fromDuplex]) {
    expect(() => from(value as never)).toThrow(TypeError);
    expect(() => from(value as never)).toThrow(/^from\w+: \w+ is .*; give a/u);
  }
});

test('half a pair is no duplex', () => {
  const { readable } = new TransformStream();
  expect(() => fromDuplex({ readable } as never)).toThrow('fromDuplex: duplex is an object');
});

test.each([
  [
    'one of the web’s',
    () => fromWritable(new WritableStream({ close: () => new Promise(() => {}) })),
  ],
  ['one of Node’s', () => fromWritable(new Writable({ final: () => undefined }))],
])('a sink that never ends does not hold up the end of its group: %s', async (_name, open) => {
  const start = performance.now();
  await taskGroup(() => void open());
  expect(performance.now() - start).toBeLessThan(5000);
});

describe('closing takes a second or so, whatever the other end does', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  test.each<[string, () => ByteStream]>([
    [
      'a web source that does not let go',
      () => fromReadable(new ReadableStream({ cancel: never })),
    ],
    ['a web sink that does not close', () => fromWritable(new WritableStream({ close: never }))],
    [
      'a web sink that does not let go',
      () => fromWritable(new WritableStream({ close: never, abort: never })),
    ],
    ['a web sink that takes nothing', () => fromWritable(new WritableStream({ write: never }))],
    ['a Node stream that does not finish', () => fromWritable(new Writable({ final: () => null }))],
    ['a peer that does not read', () => fromDuplex(duplexPair()[0])],
    ['a peer of Node’s that does not read', () => fromDuplex(nodeStream.duplexPair()[0])],
    ['a pair of web streams that nobody reads', () => fromDuplex(new TransformStream())],
  ])('%s', async (_name, open) => {
    for (const hasSent of [false, true]) {
      const stream = open();
      if (hasSent) await moveOnAfter(5, () => stream.send('x').catch(() => undefined));
      const start = performance.now();
      await stream.close();
      expect(performance.now() - start).toBeLessThan(2500);
    }
  });
});
