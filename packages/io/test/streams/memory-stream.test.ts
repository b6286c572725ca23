import { memoryStreamPair } from '@ambit/io';
import { moveOnAfter, taskGroup } from '@ambit/core';
import { byteStreamContract } from '../contracts/byte-stream.ts';

byteStreamContract('in memory', async () => memoryStreamPair());

test('what was sent is there though its sender has closed, and the buffer may be used again', async () => {
  const [here, there] = memoryStreamPair();
  const bytes = Buffer.from('once');
  await here.send(bytes);
  bytes.fill(0);
  here.destroy();
  expect(String(await there.receive())).toBe('once');
  expect(await there.receive()).toBeUndefined();
});

test('after a cancelled send the next one waits for room before it adds to the heap', async () => {
  const [here, there] = memoryStreamPair();
  await moveOnAfter(1, () => here.send(Buffer.alloc(100_000, 'a')));
  await moveOnAfter(1, () => here.send(Buffer.alloc(100_000, 'b')));
  const bytes = await there.receive();
  expect(bytes?.length).toBe(100_000);
  expect(bytes?.every((byte) => byte === 'a'.charCodeAt(0))).toBe(true);
});

test('a send that was received is a success though the receiver then closes in the same tick', async () => {
  const [here, there] = memoryStreamPair();
  await taskGroup(async (group) => {
    const send = group.spawn(() => here.send(Buffer.alloc(100_000)));
    expect((await there.receive())?.length).toBe(100_000);
    there.destroy();
    await send;
  });
});

test('outside of any group it is the caller who closes it', async () => {
  const [here, there] = memoryStreamPair();
  await taskGroup(async () => undefined);
  await here.send('still');
  expect(String(await there.receive())).toBe('still');
});
