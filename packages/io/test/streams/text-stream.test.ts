import { moveOnAfter, taskGroup } from '@ambit/core';
import { memoryStreamPair, textStream } from '@ambit/io';
import fc from 'fast-check';

test('sends and receives text, to the end', async () => {
  const [here, there] = memoryStreamPair();
  const [from, to] = [textStream(here), textStream(there)];
  await from.send('größe €');
  expect(await to.receive()).toBe('größe €');
  await from.send('the rest');
  await from.sendEof();
  const rest: string[] = [];
  for await (const text of to) rest.push(text);
  expect(rest).toEqual(['the rest']);
  expect(await to.receive()).toBeUndefined();
  await from.close();
  await expect(here.send('x')).rejects.toMatchObject({ name: 'ClosedResourceError' });
});

test.each(['utf8', 'utf16le'] as const)('%s characters cut anywhere', async (encoding) => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.array(fc.nat(3)),
      async (whole, cuts) => {
        await taskGroup(async () => {
          const [here, there] = memoryStreamPair();
          const to = textStream(there, encoding);
          const bytes = Buffer.from(whole, encoding);
          let received = '';
          let at = 0;
          for (const size of [...cuts, bytes.length]) {
            await here.send(bytes.subarray(at, at + size));
            at = Math.min(at + size, bytes.length);
            // Mostly nothing but the beginning of a character: cancelled, which loses nothing.
            received += (await moveOnAfter(0, () => to.receive())) ?? '';
          }
          await here.sendEof();
          for await (const text of to) {
            expect(text).not.toBe('');
            received += text;
          }
          expect(received).toBe(bytes.toString(encoding));
        });
      },
    ),
    { numRuns: 30 },
  );
});

test('half a character at the end is U+FFFD, and then it ends', async () => {
  const [here, there] = memoryStreamPair();
  await here.send(Buffer.from('€').subarray(0, 2));
  await here.sendEof();
  const to = textStream(there);
  expect(await to.receive()).toBe('\uFFFD');
  expect(await to.receive()).toBeUndefined();
});

test('two receives at a time: the second is refused', async () => {
  const [here, there] = memoryStreamPair();
  const to = textStream(there);
  await taskGroup(async (group) => {
    const first = group.spawn(() => to.receive());
    await expect(to.receive()).rejects.toMatchObject({ name: 'BusyResourceError' });
    await here.send('x');
    expect(await first).toBe('x');
  });
});

test('return() of an iterator ends its next() that waits, which takes nothing', async () => {
  const [here, there] = memoryStreamPair();
  const to = textStream(there);
  const iterator = to[Symbol.asyncIterator]();
  const next = iterator.next();
  await iterator.return!();
  expect(await next).toEqual({ done: true, value: undefined });
  await here.send('for the next');
  expect(await to.receive()).toBe('for the next');
});

test('cancelled before or by a signal', async () => {
  const [here, there] = memoryStreamPair();
  const to = textStream(there);
  const signal = AbortSignal.abort('stop');
  await here.send('kept');
  await expect(to.receive({ signal })).rejects.toBe('stop');
  await expect(to.send('never', { signal })).rejects.toBe('stop');
  await expect(to.sendEof({ signal })).rejects.toBe('stop');
  expect(await to.receive()).toBe('kept');
});

test('refuses bad arguments', async () => {
  const [here] = memoryStreamPair();
  expect(() => textStream(3 as never)).toThrow('textStream: stream is 3');
  expect(() => textStream(here, 'klingon' as never)).toThrow('textStream: encoding is "klingon"');
  await expect(textStream(here).send(3 as never)).rejects.toThrow('send: text is 3');
});
