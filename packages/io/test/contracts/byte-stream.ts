// What every ByteStream does, after Trio's check_two_way_stream: rules 257-260, 262. Run on a pair of ends that are
// connected to each other: `byteStreamContract('over TCP', async () => [here, there])`.
import { CancelScope, formatTaskTree, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import type { ByteStream } from '@ambit/io';
import fc from 'fast-check';
import { runInNewContext } from 'node:vm';

/** Two ends that are connected. Opened inside a task group, which is to close whatever the test leaves open. */
export type OpenPair = () => Promise<readonly [ByteStream, ByteStream]>;

interface Ends {
  readonly here: ByteStream;
  readonly there: ByteStream;
  readonly group: TaskGroup;
}

/** More than any pair of buffers holds: a send of so much waits until the other end receives. */
const ENOUGH = 16 * 1024 * 1024;

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();

/** What came of a promise; never rejects, so that it can be looked at later. */
async function outcomeOf(promise: Promise<unknown>): Promise<{ error?: unknown; value?: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/** Whether it still waits after the time in which everything that can be done at once is done. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const over = outcomeOf(promise).then(() => 'over');
  return (await moveOnAfter(15, () => Promise.race([over, sleep(10)]))) !== 'over';
}

async function receiveAll(stream: ByteStream): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function receiveBytes(stream: ByteStream, count: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let left = count; left > 0;) {
    const piece = await stream.receive(left);
    if (piece === undefined) break;
    pieces.push(piece);
    left -= piece.length;
  }
  return Buffer.concat(pieces);
}

/** Bytes in which a lost, doubled or moved piece shows. */
function pattern(length: number, from = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = ((at + from) * 31 + ((at + from) >> 8)) & 255;
  return bytes;
}

const named = (name: string): unknown => expect.objectContaining({ name });
const broken = named('BrokenResourceError');
const closed = named('ClosedResourceError');
const busy = named('BusyResourceError');

export function byteStreamContract(name: string, open: OpenPair): void {
  describe(`a byte stream: ${name}`, () => {
    describe.each([['from the first end to the second'], ['from the second end to the first']])(
      '%s',
      (direction) => {
        contract(async (body) => {
          await taskGroup(async (group) => {
            const [first, second] = await open();
            const isTurned = direction.startsWith('from the second');
            await body({
              here: isTurned ? second : first,
              there: isTurned ? first : second,
              group,
            });
          });
        });
      },
    );
  });
}

function contract(withEnds: (body: (ends: Ends) => Promise<void>) => Promise<void>): void {
  const check = (sentence: string, body: (ends: Ends) => Promise<void>): void => {
    test(sentence, () => withEnds(body));
  };

  describe('sends and receives', () => {
    check('bytes, and texts as UTF-8', async ({ here, there }) => {
      await here.send(new Uint8Array([1, 2, 3]));
      expect([...(await receiveBytes(there, 3))]).toEqual([1, 2, 3]);
      await here.send('größe €');
      expect(String(await receiveBytes(there, 11))).toBe('größe €');
    });

    check('bytes of another realm, and of a subclass', async ({ here, there }) => {
      await here.send(runInNewContext('new Uint8Array([1, 2])') as Uint8Array);
      await here.send(new (class extends Uint8Array {})([3]));
      expect([...(await receiveBytes(there, 3))]).toEqual([1, 2, 3]);
    });

    check('what is received is a Uint8Array, at least one byte', async ({ here, there, group }) => {
      group.spawn(() => here.send('x'));
      const bytes = await there.receive();
      expect(ArrayBuffer.isView(bytes)).toBe(true);
      expect(bytes?.length).toBe(1);
    });

    check('a receive that began before the send gets it', async ({ here, there, group }) => {
      const receive = group.spawn(() => there.receive());
      expect(await isWaiting(receive)).toBe(true);
      await here.send('late');
      expect(text(await receive)).toBe('late');
    });

    check('at most `max` bytes, the rest is for the next', async ({ here, there, group }) => {
      group.spawn(() => here.send('abcde'));
      expect(text(await receiveBytes(there, 1))).toBe('a');
      const next = await there.receive(2);
      expect(next!.length).toBeLessThanOrEqual(2);
      const rest = await receiveBytes(there, 4 - next!.length);
      expect(`${text(next)!}${String(rest)}`).toBe('bcde');
    });

    // rule 259
    check(
      'a `max` below 1, or no number, is refused, and takes nothing',
      async ({ here, there, group }) => {
        group.spawn(() => here.send('kept'));
        for (const max of [0, -1, 1.5, NaN]) {
          await expect(there.receive(max)).rejects.toMatchObject({
            name: 'RangeError',
            message: expect.stringContaining('max') as string,
          });
        }
        await expect(there.receive('1' as never)).rejects.toMatchObject({ name: 'TypeError' });
        expect(String(await receiveBytes(there, 4))).toBe('kept');
      },
    );

    // rule 259
    check('sending nothing is fine, and is received as nothing', async ({ here, there, group }) => {
      await here.send('');
      await here.send(new Uint8Array(0));
      group.spawn(() => here.send('then'));
      expect(String(await receiveBytes(there, 4))).toBe('then');
    });

    check('what is no bytes is refused', async ({ here, there, group }) => {
      const looksLikeBytes: unknown[] = [
        Object.create(Uint8Array.prototype),
        { [Symbol.toStringTag]: 'Uint8Array' },
      ];
      const views = [
        new Uint16Array(1),
        new Uint8ClampedArray(1),
        new DataView(new ArrayBuffer(1)),
      ];
      for (const data of [undefined, null, 3, {}, [1], ...views, ...looksLikeBytes]) {
        await expect(here.send(data as never)).rejects.toMatchObject({
          name: 'TypeError',
          message: expect.stringContaining('data') as string,
        });
      }
      group.spawn(() => here.send('on'));
      expect(String(await receiveBytes(there, 2))).toBe('on');
    });

    check('much more than the buffers hold, in order', async ({ here, there, group }) => {
      const bytes = pattern(ENOUGH);
      group.spawn(async () => {
        await here.send(bytes);
        await here.sendEof();
      });
      expect((await receiveAll(there)).equals(bytes)).toBe(true);
    });

    check('a send waits while the other end does not receive', async ({ here, there, group }) => {
      const send = group.spawn(() => here.send(new Uint8Array(ENOUGH)));
      expect(await isWaiting(send)).toBe(true);
      expect((await receiveBytes(there, ENOUGH)).length).toBe(ENOUGH);
      await send;
    });

    // rule 257
    check('a receive and a send at a time', async ({ here, there, group }) => {
      const receive = group.spawn(() => here.receive());
      await sleep(0);
      const send = group.spawn(() => here.send('ping'));
      expect(String(await receiveBytes(there, 4))).toBe('ping');
      await send;
      await there.send('pong');
      expect(text(await receive)).toBe('pong');
    });

    check(
      'both directions at full speed do not wait for each other',
      async ({ here, there, group }) => {
        const size = ENOUGH / 8;
        group.spawn(() => here.send(pattern(size)));
        group.spawn(() => there.send(pattern(size, 7)));
        const received = group.spawn(() => receiveBytes(here, size));
        expect((await receiveBytes(there, size)).equals(pattern(size))).toBe(true);
        expect((await received).equals(pattern(size, 7))).toBe(true);
      },
    );

    check(
      'iterates to the end; leaving the loop leaves the stream open',
      async ({ here, there, group }) => {
        const sent = group.spawn(() => here.send('abc'));
        for await (const piece of there) {
          expect(piece.length).toBeGreaterThan(0);
          if (piece.length < 3) await receiveBytes(there, 3 - piece.length);
          break;
        }
        await sent;
        group.spawn(async () => {
          await here.send('def');
          await here.sendEof();
        });
        expect(String(await receiveAll(there))).toBe('def');
        const iterator = there[Symbol.asyncIterator]();
        expect(await iterator.next()).toEqual({ done: true, value: undefined });
        expect(await iterator.next()).toEqual({ done: true, value: undefined });
      },
    );
  });

  describe('return() of an iterator', () => {
    check('ends its next() that waits, which takes nothing', async ({ here, there, group }) => {
      const iterator = there[Symbol.asyncIterator]();
      const next = iterator.next();
      expect(await isWaiting(next)).toBe(true);
      expect(await iterator.return!()).toEqual({ done: true, value: undefined });
      expect(await next).toEqual({ done: true, value: undefined });
      group.spawn(() => here.send('for the next'));
      expect(String(await receiveBytes(there, 12))).toBe('for the next');
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    check('leaves a receive of somebody else alone', async ({ here, there, group }) => {
      const iterator = there[Symbol.asyncIterator]();
      const receive = group.spawn(() => there.receive());
      expect(await isWaiting(receive)).toBe(true);
      await iterator.return!();
      group.spawn(() => here.send('x'));
      expect(text(await receive)).toBe('x');
    });
  });

  describe('the end', () => {
    // rule 259
    check('is received each time one asks', async ({ here, there, group }) => {
      group.spawn(async () => {
        await here.send('last');
        await here.sendEof();
      });
      expect(String(await receiveAll(there))).toBe('last');
      expect(await there.receive()).toBeUndefined();
      expect(await there.receive(1)).toBeUndefined();
    });

    check('wakes a receive that waits', async ({ here, there, group }) => {
      const receive = group.spawn(() => there.receive());
      expect(await isWaiting(receive)).toBe(true);
      await here.sendEof();
      expect(await receive).toBeUndefined();
    });

    // rule 259
    check('of one direction leaves the other open', async ({ here, there, group }) => {
      await here.sendEof();
      expect(await there.receive()).toBeUndefined();
      const send = group.spawn(() => there.send('still'));
      expect(String(await receiveBytes(here, 5))).toBe('still');
      await send;
      await there.sendEof();
      expect(await here.receive()).toBeUndefined();
    });

    check('can be sent twice, but nothing after it', async ({ here }) => {
      await here.sendEof();
      await here.sendEof();
      await expect(here.send('more')).rejects.toEqual(closed);
      await expect(here.send('')).rejects.toEqual(closed);
    });

    check('comes when the other end closes, after what it sent', async ({ here, there, group }) => {
      const received = group.spawn(() => receiveAll(there));
      await here.send('goodbye');
      await here.close();
      expect(String(await received)).toBe('goodbye');
      expect(await there.receive()).toBeUndefined();
    });
  });

  describe('two at a time in one direction', () => {
    // rule 257
    check('the second receive is refused; the first goes on', async ({ here, there, group }) => {
      const first = group.spawn(() => there.receive());
      await sleep(0);
      await expect(there.receive()).rejects.toEqual(busy);
      await here.send('one');
      expect(text(await first)).toBe('one');
    });

    // rule 257
    check(
      'the second send is refused, and so is sendEof; the first goes on',
      async ({ here, there, group }) => {
        const first = group.spawn(() => here.send(pattern(ENOUGH)));
        expect(await isWaiting(first)).toBe(true);
        await expect(here.send('x')).rejects.toEqual(busy);
        await expect(here.sendEof()).rejects.toEqual(busy);
        expect((await receiveBytes(there, ENOUGH)).equals(pattern(ENOUGH))).toBe(true);
        await first;
        group.spawn(() => here.send('y'));
        expect(String(await receiveBytes(there, 1))).toBe('y');
      },
    );
  });

  describe('closed at this end', () => {
    // rule 258
    check('everything is refused, each time', async ({ here }) => {
      await here.close();
      for (let round = 0; round < 2; round += 1) {
        await expect(here.send('x')).rejects.toEqual(closed);
        await expect(here.send('')).rejects.toEqual(closed);
        await expect(here.sendEof()).rejects.toEqual(closed);
        await expect(here.receive()).rejects.toEqual(closed);
      }
    });

    check('also by destroy(), which may be called again, as may close()', async ({ here }) => {
      here.destroy();
      await expect(here.receive()).rejects.toEqual(closed);
      await expect(here.send('x')).rejects.toEqual(closed);
      here.destroy();
      await here.close();
      await here[Symbol.asyncDispose]();
    });

    // rule 258
    check('twice is once, also at the same time', async ({ here, there }) => {
      await Promise.all([here.close(), here.close(), here[Symbol.asyncDispose]()]);
      await here.close();
      expect(await there.receive()).toBeUndefined();
    });

    check('takes a second or so, though the other end does not read', async ({ here }) => {
      const start = performance.now();
      await here.close();
      expect(performance.now() - start).toBeLessThan(2500);
    });

    // rule 258
    check('who waits is woken: a receive', async ({ here, group }) => {
      const receive = group.spawn(() => outcomeOf(here.receive()));
      await sleep(0);
      await here.close();
      expect((await receive).error).toEqual(closed);
    });

    // rule 258
    check('who waits is woken: a send', async ({ here, group }) => {
      const send = group.spawn(() => outcomeOf(here.send(new Uint8Array(ENOUGH))));
      expect(await isWaiting(send)).toBe(true);
      await here.close();
      expect((await send).error).toEqual(closed);
    });

    check('who waits is woken by destroy() as well', async ({ here, group }) => {
      const receive = group.spawn(() => outcomeOf(here.receive()));
      const send = group.spawn(() => outcomeOf(here.send(new Uint8Array(ENOUGH))));
      expect(await isWaiting(send)).toBe(true);
      here.destroy();
      expect((await receive).error).toEqual(closed);
      expect((await send).error).toEqual(closed);
    });

    // rule 258
    check(
      'in a cancelled scope it is closed all the same, then says that it is cancelled',
      async ({ here, there }) => {
        const scope = new CancelScope();
        let closing: { error?: unknown } | undefined;
        await scope.run(async () => {
          scope.cancel('stop');
          closing = await outcomeOf(here.close());
        });
        expect(closing?.error).toBe(scope.reason);
        await expect(here.receive()).rejects.toEqual(closed);
        expect(await outcomeOf(there.receive())).toBeDefined();
      },
    );

    test('with the group that it was opened in', async () => {
      let ends: Ends | undefined;
      await withEnds(async (opened) => {
        ends = opened;
      });
      for (const end of [ends!.here, ends!.there]) {
        await expect(end.receive()).rejects.toEqual(closed);
        await expect(end.send('x')).rejects.toEqual(closed);
      }
    });
  });

  describe('the other end is gone', () => {
    // rule 259
    check('a send breaks, and does so each time', async ({ here, there }) => {
      await there.close();
      const error = await firstFailure(here);
      expect(error).toEqual(broken);
      await expect(here.send('x')).rejects.toEqual(broken);
      await expect(here.send('y')).rejects.toEqual(broken);
    });

    check('a send that waits is woken', async ({ here, there, group }) => {
      const send = group.spawn(() => outcomeOf(here.send(new Uint8Array(ENOUGH))));
      expect(await isWaiting(send)).toBe(true);
      there.destroy();
      expect((await send).error).toEqual(broken);
      await expect(here.send('x')).rejects.toEqual(broken);
    });

    check('a receive that waits is woken', async ({ here, there, group }) => {
      const receive = group.spawn(() => outcomeOf(here.receive()));
      await sleep(0);
      there.destroy();
      const { error, value } = await receive;
      if (error !== undefined) expect(error).toEqual(broken);
      else expect(value).toBeUndefined();
    });

    check('closing is quiet', async ({ here, there }) => {
      there.destroy();
      await firstFailure(here);
      await here.close();
      await expect(here.send('x')).rejects.toEqual(closed);
    });
  });

  describe('cancelled', () => {
    check('before it begins: nothing is sent, nothing is taken', async ({ here, there, group }) => {
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        expect((await outcomeOf(here.send('never'))).error).toBe(scope.reason);
        expect((await outcomeOf(here.sendEof())).error).toBe(scope.reason);
        expect((await outcomeOf(there.receive())).error).toBe(scope.reason);
      });
      const signal = AbortSignal.abort('stop');
      await expect(here.send('never', { signal })).rejects.toBe('stop');
      await expect(here.sendEof({ signal })).rejects.toBe('stop');
      group.spawn(() => here.send('ok'));
      await expect(there.receive(undefined, { signal })).rejects.toBe('stop');
      expect(String(await receiveBytes(there, 2))).toBe('ok');
    });

    // rule 260
    check(
      'a receive that waits gives nothing away; the next one gets it',
      async ({ here, there, group }) => {
        const controller = new AbortController();
        const receive = group.spawn(() =>
          outcomeOf(there.receive(undefined, { signal: controller.signal })),
        );
        await sleep(0);
        controller.abort('enough');
        expect(await receive).toEqual({ error: 'enough' });
        group.spawn(() => here.send('here'));
        expect(String(await receiveBytes(there, 4))).toBe('here');
      },
    );

    check(
      'a send that waits ends; what is sent then comes after it',
      async ({ here, there, group }) => {
        const scope = new CancelScope();
        const send = group.spawn(() => scope.run(() => here.send(pattern(ENOUGH))));
        expect(await isWaiting(send)).toBe(true);
        scope.cancel();
        expect(await send).toBeUndefined();
        group.spawn(async () => {
          await here.send('after');
          await here.sendEof();
        });
        const received = await receiveAll(there);
        // rule 260: as a whole, or not at all
        expect([5, ENOUGH + 5]).toContain(received.length);
        expect(String(received.subarray(-5))).toBe('after');
        expect(received.subarray(0, -5).equals(pattern(received.length - 5))).toBe(true);
      },
    );

    check('says in the task tree what it waits for', async ({ there }) => {
      let tree = '';
      await taskGroup(async (inner) => {
        const receive = inner.spawn(() => outcomeOf(there.receive()), { name: 'reader' });
        await sleep(1);
        tree = formatTaskTree();
        receive.cancel();
      });
      expect(tree).toMatch(/reader.*receive from/su);
    });
  });

  // rule 260
  test('cancelled at random, receives lose no byte, and sends none of what they finished', async () => {
    await fc.assert(
      fc.asyncProperty(plan, (steps) => withEnds((ends) => play(ends, steps))),
      { numRuns: 15 },
    );
  });
}

async function firstFailure(stream: ByteStream): Promise<unknown> {
  for (let round = 0; round < 1000; round += 1) {
    const { error } = await outcomeOf(stream.send(new Uint8Array(1000)));
    if (error !== undefined) return error;
    await sleep(1);
  }
  return 'none';
}

const plan = fc.record({
  /** Each is one send, with a pause of so many turns after it. */
  sends: fc.array(fc.record({ size: fc.nat(40_000), pause: fc.nat(2) }), {
    minLength: 1,
    maxLength: 30,
    size: 'max',
  }),
  /** Each is one receive: the longest piece, and after how long it is cancelled, and how; in turn. */
  receives: fc.array(
    fc.record({
      max: fc.option(fc.integer({ min: 500, max: 20_000 }), { nil: undefined }),
      cut: fc.constantFrom('not', 'microtask', 'turn', 'later', 'signal', 'at once'),
    }),
    { minLength: 1, maxLength: 20, size: 'max' },
  ),
});

type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

async function play({ here, there, group }: Ends, { sends, receives }: Plan): Promise<void> {
  const total = sends.reduce((sum, { size }) => sum + size, 0);
  group.spawn(async () => {
    let sent = 0;
    for (const { size, pause } of sends) {
      await here.send(pattern(size, sent));
      sent += size;
      for (let turn = 0; turn < pause; turn += 1) await sleep(0);
    }
    await here.sendEof();
  });
  const pieces: Uint8Array[] = [];
  for (let at = 0; ; at += 1) {
    const { max, cut } = receives[at % receives.length]!;
    // Once around in which everything is cancelled would never end.
    const piece = await cutReceive(there, max, at % (receives.length + 1) === 0 ? 'not' : cut);
    if (piece === 'cut') continue;
    if (piece === undefined) break;
    if (max !== undefined) expect(piece.length).toBeLessThanOrEqual(max);
    pieces.push(Uint8Array.from(piece));
  }
  const received = Buffer.concat(pieces);
  expect(received.length).toBe(total);
  expect(received.equals(pattern(total))).toBe(true);
}

async function cutReceive(
  stream: ByteStream,
  max: number | undefined,
  cut: string,
): Promise<Uint8Array | undefined | 'cut'> {
  const scope = new CancelScope();
  const controller = new AbortController();
  const receiving = scope.run(async () => {
    try {
      return { piece: await stream.receive(max, { signal: controller.signal }) };
    } catch (error) {
      if (error === scope.reason || error === 'stop') return { piece: 'cut' as const };
      throw error;
    }
  });
  if (cut === 'microtask') await Promise.resolve();
  if (cut === 'turn') await sleep(0);
  if (cut === 'later') await sleep(1);
  if (cut === 'signal') controller.abort('stop');
  else if (cut !== 'not') scope.cancel();
  return (await receiving)!.piece;
}
