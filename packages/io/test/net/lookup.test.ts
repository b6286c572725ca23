import { CancelScope, sleep } from '@ambit/core';
import { lookup } from '@ambit/io';
import dns from 'node:dns';

afterEach(() => jest.restoreAllMocks());

test('gives the addresses of a host, with their families', async () => {
  const found = await lookup('localhost');
  expect(found.length).toBeGreaterThan(0);
  for (const { address, family } of found) {
    expect([4, 6]).toContain(family);
    expect(address).toBe(family === 4 ? '127.0.0.1' : '::1');
  }
});

test('an address is its own answer', async () => {
  expect(await lookup('192.0.2.7')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  expect(await lookup('2001:db8::7')).toEqual([{ address: '2001:db8::7', family: 6 }]);
});

test('a host that does not exist: Node’s own error', async () => {
  await expect(lookup('nowhere.invalid')).rejects.toMatchObject({
    syscall: 'getaddrinfo',
    hostname: 'nowhere.invalid',
  });
});

test('cancelled while the system is at it, it ends at once; what is found later is dropped', async () => {
  let found: (() => void) | undefined;
  jest.spyOn(dns, 'lookup').mockImplementation(((
    _h: string,
    _o: unknown,
    done: (error: null, found: unknown) => void,
  ) => {
    found = () => {
      done(null, [{ address: '192.0.2.1', family: 4 }]);
    };
  }) as never);
  const scope = new CancelScope();
  const looking = scope.run(() => lookup('slow.example'));
  await sleep(0);
  scope.cancel();
  expect(await looking).toBeUndefined();
  found!();
  const controller = new AbortController();
  const again = lookup('slow.example', { signal: controller.signal });
  controller.abort('enough');
  await expect(again).rejects.toBe('enough');
});

test('cancelled before, the system is not asked', async () => {
  const asked = jest.spyOn(dns, 'lookup');
  await expect(lookup('x', { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  [undefined, undefined, 'host is undefined'],
  ['', undefined, 'host is ""'],
  ['x', 1, 'options is 1'],
  ['x', { signal: 1 }, 'signal is 1'],
])('refuses %j, %j', async (host, options, message) => {
  await expect(lookup(host as never, options as never)).rejects.toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining(`lookup: ${message}`) as string,
  });
});
