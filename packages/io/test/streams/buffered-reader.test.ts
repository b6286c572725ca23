import { CancelScope, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import { bufferedReader, memoryStreamPair } from '@ambit/io';
import type { BufferedReader, ByteStream } from '@ambit/io';
import fc from 'fast-check';

const neverAborted = new AbortController().signal;

/** Of somebody else's stream: gives nothing, and obeys its signal. */
function obedient(): ByteStream['receive'] {
  return (_max, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
    });
}

/** A reader of what is sent, as one piece each, and then of the end. */
async function readerOf(pieces: readonly string[], limit?: number): Promise<BufferedReader> {
  const stream = await streamOf(pieces);
  return bufferedReader(stream, { limit });
}

async function streamOf(
  pieces: readonly (string | Uint8Array)[],
): Promise<Pick<ByteStream, 'receive'>> {
  const rest = pieces.map((piece) => Buffer.from(piece)).filter((piece) => piece.length > 0);
  return { receive: async () => rest.shift() };
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString();

describe('read', () => {
  test('gives what is there, at most `max` bytes, then the end each time', async () => {
    const reader = await readerOf(['abc', 'de']);
    expect(text(await reader.read(2))).toBe('ab');
    expect(text(await reader.read())).toBe('c');
    expect(reader.atEof).toBe(false);
    expect(text(await reader.read(10))).toBe('de');
    expect(reader.atEof).toBe(false);
    expect(await reader.read()).toBeUndefined();
    expect(reader.atEof).toBe(true);
    expect(await reader.read(1)).toBeUndefined();
  });

  test('what was read is the caller’s: later bytes do not write over it', async () => {
    const [here, there] = memoryStreamPair();
    const reader = bufferedReader(there);
    await here.send('first');
    const first = await reader.readExactly(5);
    await here.send('other');
    const other = await reader.read();
    await here.send('third');
    await reader.read();
    expect(text(other)).toBe('other');
    expect(text(first)).toBe('first');
  });

  test.each([0, -1, 1.5, NaN])('refuses a max of %p, and takes nothing', async (max) => {
    const reader = await readerOf(['abc']);
    await expect(reader.read(max)).rejects.toThrow(/^read: max is/u);
    expect(text(await reader.read())).toBe('abc');
  });
});

describe('readExactly', () => {
  test('waits for all of it, however large, and leaves the rest', async () => {
    const reader = await readerOf(['ab', 'cd', 'ef'], 1);
    expect(text(await reader.readExactly(5))).toBe('abcde');
    expect(text(await reader.readExactly(0))).toBe('');
    expect(text(await reader.readExactly(1))).toBe('f');
  });

  // rule 261
  test('an end before it is an IncompleteReadError, which has what came', async () => {
    const reader = await readerOf(['ab', 'c']);
    await expect(reader.readExactly(4)).rejects.toMatchObject({
      name: 'IncompleteReadError',
      partial: Buffer.from('abc'),
      expected: 4,
      message: expect.stringContaining('after 3 of 4 bytes') as string,
    });
    expect(reader.atEof).toBe(true);
    expect(await reader.read()).toBeUndefined();
  });

  test.each([-1, 0.5, NaN])('refuses a count of %p', async (count) => {
    const reader = await readerOf(['abc']);
    await expect(reader.readExactly(count)).rejects.toThrow(/^readExactly: count is/u);
  });
});

describe('readUntil', () => {
  // rule 261
  test('gives the bytes with the separator, which may come in pieces', async () => {
    const reader = await readerOf(['head', 'er\r', '\n\r', '\nbody']);
    expect(text(await reader.readUntil('\r\n\r\n'))).toBe('header\r\n\r\n');
    expect(text(await reader.read())).toBe('body');
  });

  // rule 261
  test('of several separators, the one that is complete first; of nested ones the shortest prefix', async () => {
    const reader = await readerOf(['one;two,three;']);
    expect(text(await reader.readUntil([',', ';']))).toBe('one;');
    expect(text(await reader.readUntil([',', ';']))).toBe('two,');
    const nested = await readerOf(['xabcabc']);
    expect(text(await nested.readUntil(['abc', 'ab']))).toBe('xab');
    const inner = await readerOf(['xabcabc']);
    expect(text(await inner.readUntil(['xabc', 'bc', 'b']))).toBe('xab');
  });

  // rule 261
  test('a separator that begins again inside of itself', async () => {
    const reader = await readerOf(['aa', 'ab', 'rest']);
    expect(text(await reader.readUntil('aab'))).toBe('aaab');
    expect(text(await reader.read())).toBe('rest');
  });

  test('bytes as separator', async () => {
    const reader = await readerOf(['a\0\u0001b']);
    expect(text(await reader.readUntil(new Uint8Array([0, 1])))).toBe('a\0\u0001');
  });

  // rule 261
  test('an end before it is an IncompleteReadError with what came', async () => {
    const reader = await readerOf(['ab', 'c;']);
    await reader.readUntil(';');
    const rest = await readerOf(['no separator']);
    await expect(rest.readUntil(';')).rejects.toMatchObject({
      name: 'IncompleteReadError',
      partial: Buffer.from('no separator'),
      expected: undefined,
    });
    await expect(reader.readUntil(';')).rejects.toMatchObject({ partial: Buffer.alloc(0) });
  });

  // rule 261
  test('more than the limit before it is a LimitOverrunError, and the bytes are still there', async () => {
    const reader = await readerOf(['abcdef', 'gh;', 'next;'], 4);
    await expect(reader.readUntil(';')).rejects.toMatchObject({
      name: 'LimitOverrunError',
      consumed: 6,
    });
    await expect(reader.readUntil(';')).rejects.toMatchObject({ consumed: 6 });
    expect(text(await reader.readExactly(6))).toBe('abcdef');
    expect(text(await reader.readUntil(';'))).toBe('gh;');
    expect(text(await reader.readUntil(';'))).toBe('next;');
  });

  // rule 261
  test('the limit counts what is before the separator, also if that is there already', async () => {
    const reader = await readerOf(['abcd;abcde;'], 4);
    expect(text(await reader.readUntil(';'))).toBe('abcd;');
    await expect(reader.readUntil(';')).rejects.toMatchObject({ consumed: 5 });
    expect(text(await reader.readExactly(6))).toBe('abcde;');
  });

  // rule 261
  test('what may be the beginning of a separator is not counted as consumed', async () => {
    const reader = await readerOf(['abcdef\r', '\nx'], 4);
    await expect(reader.readUntil('\r\n')).rejects.toMatchObject({ consumed: 6 });
    expect(text(await reader.readExactly(6))).toBe('abcdef');
    expect(text(await reader.readUntil('\r\n'))).toBe('\r\n');
  });

  test.each([[''], [[]], [3], [undefined], [['a', '']], [[1]]])(
    'refuses the separator %p, and takes nothing',
    async (separator) => {
      const reader = await readerOf(['abc']);
      await expect(reader.readUntil(separator as never)).rejects.toThrow(
        /^readUntil: separator is/u,
      );
      expect(text(await reader.read())).toBe('abc');
    },
  );
});

describe('readLine', () => {
  test('ends at \\n and \\r\\n, and at the end; a lone \\r is part of the line', async () => {
    const reader = await readerOf(['one\ntw', 'o\r', '\n\n', 'a\rb\r\n', 'last']);
    const lines: (string | undefined)[] = [];
    for (let count = 0; count < 7; count += 1) lines.push(await reader.readLine());
    expect(lines).toEqual(['one', 'two', '', 'a\rb', 'last', undefined, undefined]);
    expect(reader.atEof).toBe(true);
  });

  test('characters of several bytes may come in pieces', async () => {
    const bytes = Buffer.from('größe €\n');
    const reader = bufferedReader(await streamOf([...bytes].map((byte) => new Uint8Array([byte]))));
    expect(await reader.readLine()).toBe('größe €');
  });

  // rule 261
  test('a line over the limit is a LimitOverrunError; its bytes can be read otherwise', async () => {
    const reader = await readerOf(['a long line\nshort\n'], 5);
    await expect(reader.readLine()).rejects.toMatchObject({
      name: 'LimitOverrunError',
      consumed: 11,
    });
    await expect(reader.readLine()).rejects.toMatchObject({ consumed: 11 });
    expect(text(await reader.readExactly(12))).toBe('a long line\n');
    expect(await reader.readLine()).toBe('short');
  });

  test('lines() goes to the end; leaving the loop loses none', async () => {
    const reader = await readerOf(['1\n2\n3\n4']);
    for await (const line of reader.lines()) {
      if (line === '2') break;
    }
    const rest: string[] = [];
    for await (const line of reader.lines()) rest.push(line);
    expect(rest).toEqual(['3', '4']);
    expect(await reader.lines().next()).toEqual({ done: true, value: undefined });
  });

  test('return() of lines() ends a next() that waits; what came of its line stays', async () => {
    const [here, there] = memoryStreamPair();
    const reader = bufferedReader(there);
    const lines = reader.lines();
    await here.send('half');
    const pending = lines.next();
    await sleep(1);
    expect(await lines.return!()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    await here.send(' and half\n');
    expect(await reader.readLine()).toBe('half and half');
  });

  test('also over a stream of somebody else, by its signal; what it gives all the same is not lost', async () => {
    const obeying = obedient();
    const lines = bufferedReader({ receive: obeying }).lines({ signal: neverAborted });
    const next = lines.next();
    await sleep(1);
    await lines.return!();
    expect(await next).toEqual({ done: true, value: undefined });
    let give = (_bytes: Uint8Array): void => undefined;
    const stubborn = (): Promise<Uint8Array> => new Promise((resolve) => (give = resolve));
    const others = bufferedReader({ receive: stubborn }).lines();
    const late = others.next();
    await others.return!();
    give(Buffer.from('x\n'));
    expect(await late).toEqual({ done: false, value: 'x' });
  });
});

describe('cancelled', () => {
  // rule 260
  test('a read that waits loses no bytes', async () => {
    const [here, there] = memoryStreamPair();
    const reader = bufferedReader(there);
    await here.send('half');
    expect(await moveOnAfter(1, () => reader.readLine())).toBeUndefined();
    expect(await moveOnAfter(1, () => reader.readExactly(10))).toBeUndefined();
    expect(await moveOnAfter(1, () => reader.readUntil('!'))).toBeUndefined();
    await here.send(' and half\n');
    expect(await reader.readLine()).toBe('half and half');
  });

  test('by a signal: its reason; before it begins: nothing is taken', async () => {
    const [here, there] = memoryStreamPair();
    const reader = bufferedReader(there);
    const controller = new AbortController();
    const { signal } = controller;
    const reads = [
      () => reader.read(1, { signal }),
      () => reader.readExactly(1, { signal }),
      () => reader.readUntil('\n', { signal }),
      () => reader.readLine({ signal }),
      () => reader.lines({ signal }).next(),
    ];
    const waiting = expect(reads[2]!()).rejects.toBe('stop');
    await sleep(1);
    controller.abort('stop');
    await waiting;
    await here.send('kept\n');
    for (const read of reads) await expect(read()).rejects.toBe('stop');
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await expect(reader.readLine()).rejects.toBe(scope.reason);
    });
    expect(await reader.readLine()).toBe('kept');
  });

  test('a read that has what it needs is a checkpoint all the same', async () => {
    const reader = await readerOf(['a\nb\n']);
    await reader.readLine();
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await expect(reader.readLine()).rejects.toBe(scope.reason);
    });
    expect(await reader.readLine()).toBe('b');
  });
});

test('two reads at a time: the second is refused, the first goes on', async () => {
  const [here, there] = memoryStreamPair();
  const reader = bufferedReader(there);
  await taskGroup(async (group) => {
    const line = group.spawn(() => reader.readLine());
    await expect(reader.read()).rejects.toMatchObject({ name: 'BusyResourceError' });
    await expect(reader.readExactly(1)).rejects.toThrow('another read is under way');
    await here.send('line\n');
    expect(await line).toBe('line');
  });
});

test('an error of the stream comes out, and the bytes before it are still there', async () => {
  const pieces: (Buffer | Error)[] = [Buffer.from('half a li'), new Error('broken')];
  const receive = async (): Promise<Buffer> => {
    const piece = pieces.shift();
    if (piece instanceof Buffer) return piece;
    throw piece;
  };
  const reader = bufferedReader({ receive });
  await expect(reader.readLine()).rejects.toThrow('broken');
  expect(text(await reader.read())).toBe('half a li');
});

test('many short lines from few pieces let others run', async () => {
  const reader = bufferedReader(await streamOf(['\n'.repeat(50_000)]), { limit: 10 });
  let turns = 0;
  const immediate = (): void => {
    turns += 1;
    if (!reader.atEof) setImmediate(immediate);
  };
  setImmediate(immediate);
  while ((await reader.readLine()) !== undefined);
  expect(turns).toBeGreaterThan(1);
});

test('once the stream has ended it is not asked again', async () => {
  const pieces = [Buffer.from('a'), undefined, Buffer.from('b')];
  const reader = bufferedReader({ receive: async () => pieces.shift() });
  expect(await reader.readLine()).toBe('a');
  expect(await reader.readLine()).toBeUndefined();
  expect(await reader.read()).toBeUndefined();
});

test('refuses bad arguments', () => {
  const stream = memoryStreamPair()[0];
  expect(() => bufferedReader(undefined as never)).toThrow(
    'bufferedReader: stream is undefined, not a ByteStream',
  );
  expect(() => bufferedReader(stream, { limit: 0 })).toThrow(RangeError);
  expect(() => bufferedReader(stream, 3 as never)).toThrow(TypeError);
  expect(() => bufferedReader(stream).lines({ signal: 3 as never })).toThrow(TypeError);
});

// rule 261: whatever the pieces are, what is found is what the whole text has
test('what is found does not depend on how the bytes were cut', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n'), maxLength: 40 });
  const separators = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 3 }),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(letters, separators, fc.array(fc.nat(5)), fc.nat(20), async (...drawn) => {
      const [whole, seps, cuts, limit] = drawn;
      const reader = bufferedReader(await streamOf(cut(whole, cuts)), { limit: limit + 1 });
      expect(await readAll(reader, seps)).toEqual(expected(whole, seps, limit + 1));
    }),
    { numRuns: 500 },
  );
});

function cut(whole: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(whole.slice(at, at + size));
    at += size;
  }
  return [...pieces, whole.slice(at)];
}

async function readAll(reader: BufferedReader, separators: string[]): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    try {
      found.push(text(await reader.readUntil(separators))!);
    } catch (error) {
      const { name, partial } = error as { name: string; partial?: Uint8Array };
      return [...found, name === 'LimitOverrunError' ? name : `rest ${text(partial)!}`];
    }
  }
}

function expected(whole: string, separators: string[], limit: number): string[] {
  const found: string[] = [];
  let rest = whole;
  for (;;) {
    const ends = Array.from(rest, (_, at) => at + 1);
    const end = ends.find((at) => separators.some((part) => rest.slice(0, at).endsWith(part)));
    const starts = separators.map((part) => (end ?? 0) - part.length);
    const start = Math.min(
      ...starts.filter((at, index) => rest.slice(at, end) === separators[index]),
    );
    const longest = Math.max(...separators.map((part) => part.length));
    if (end === undefined)
      return [...found, rest.length + 1 - longest > limit ? 'LimitOverrunError' : `rest ${rest}`];
    if (start > limit) return [...found, 'LimitOverrunError'];
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
}
