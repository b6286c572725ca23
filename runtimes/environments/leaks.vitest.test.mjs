// What `vitest --detect-async-leaks` looks at: nothing that the packages make on being imported, or in a test that
// waits for its scopes, outlives the file.
import { gather, moveOnAfter, run, sleep, sleepForever, taskGroup, timeout } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { Lock, Queue } from '@ambit/sync';
import { connectTcp, listenTcp } from '@ambit/io';
import { expect, test } from 'vitest';

test('groups and time limits', async () => {
  const sum = await taskGroup(async (group) => {
    const child = group.spawn(() => sleep(1, { value: 1 }));
    group.spawn(() => moveOnAfter(1, () => sleepForever()));
    return (await child) + (await timeout(1000, () => 1));
  });
  expect(sum).toBe(2);
});

test('a program', () => run(() => gather([() => sleep(1), () => sleep(2)])));

test('virtual time', () => testRun(() => sleep(60_000)));

test('locks and queues', () =>
  taskGroup(async (group) => {
    const lock = new Lock();
    const queue = new Queue();
    group.spawn(() => lock.run(() => queue.put(1)));
    await lock.run(() => sleep(1));
    expect(await queue.get()).toBe(1);
  }));

test('a connection', () =>
  taskGroup(async (group) => {
    const listener = await listenTcp({ host: '127.0.0.1', port: 0 });
    group.spawn(() => listener.serve((stream) => stream.send('hello')), { daemon: true });
    const stream = await connectTcp(listener.address);
    expect((await stream.receive()).toString()).toBe('hello');
    await stream.close();
  }));
