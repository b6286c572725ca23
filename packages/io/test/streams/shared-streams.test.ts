import { InvalidStateError } from '@ambit/core';
import { fromDuplex, fromReadable, fromWritable, pipe } from '@ambit/io';
import { Duplex, PassThrough, Readable } from 'node:stream';

const shared = (where: string, argument: string, value: string): InvalidStateError =>
  new InvalidStateError(
    `${where}: ${argument} is an object (${value}) that is part of another ByteStream already; use that one`,
  );

test('a stream of Node has one ByteStream that reads: two would get the same bytes', async () => {
  const readable = Readable.from([Buffer.from('once')]);
  const stream = fromReadable(readable);
  expect(() => fromReadable(readable)).toThrow(shared('fromReadable', 'readable', 'Readable'));
  await expect(pipe(readable, new PassThrough())).rejects.toThrow('use that one');
  expect(Buffer.from((await stream.receive()) ?? []).toString()).toBe('once');
  expect(await stream.receive()).toBeUndefined();
  await stream.close();
});

test('and one that writes', async () => {
  const writable = new PassThrough();
  await using stream = fromWritable(writable);
  expect(() => fromWritable(writable)).toThrow(shared('fromWritable', 'writable', 'PassThrough'));
  await stream.send('x');
});

test('of a duplex stream both directions are taken, by one ByteStream or by two', async () => {
  const duplex = new PassThrough();
  {
    await using reading = fromReadable(duplex);
    await using writing = fromWritable(duplex);
    await writing.send('x');
    expect(Buffer.from((await reading.receive()) ?? []).toString()).toBe('x');
    expect(() => fromDuplex(duplex)).toThrow(shared('fromDuplex', 'duplex', 'PassThrough'));
  }
  const whole = Duplex.from(new PassThrough());
  await using stream = fromDuplex(whole);
  expect(() => fromReadable(whole)).toThrow('use that one');
  expect(() => fromWritable(whole)).toThrow('use that one');
  await stream.send('y');
});

test('the standard output may be written to by several', async () => {
  await using one = fromWritable(process.stdout);
  await using other = fromWritable(process.stdout);
  expect(one).not.toBe(other);
});
