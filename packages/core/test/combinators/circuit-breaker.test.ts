import { CancelScope, circuitBreaker, CircuitOpenError, sleep } from '@ambit/core';
import type { CircuitBreakerOptions } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

const refused = new Error('refused');

/** A breaker around a function that fails as long as it is told to. */
function make(options?: CircuitBreakerOptions) {
  const service = { isDown: true, calls: 0 };
  const call = circuitBreaker(
    async function ask(ms: number) {
      service.calls += 1;
      await sleep(ms);
      if (service.isDown) throw refused;
      return 'fine';
    },
    { failures: 3, within: 100, cooldown: 50, ...options },
  );
  return { service, call };
}

async function fail(call: (ms: number) => Promise<unknown>, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) await expect(call(1)).rejects.toBe(refused);
}

test('too many failures open it: calls are refused at once, with the failure as the cause', () =>
  testRun(async () => {
    const { service, call } = make();
    await fail(call, 3);
    expect(call.state).toBe('open');
    const error: unknown = await call(1).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({ name: 'CircuitOpenError', cause: refused, retryAfter: 50 });
    expect((error as Error).message).toMatch('ask: the circuit is open for 50 ms');
    expect(service.calls).toBe(3);
  }));

test('failures further apart do not, and a success between them does not clear the count', () =>
  testRun(async () => {
    const { service, call } = make();
    await fail(call, 2);
    await sleep(110);
    await fail(call, 1);
    expect(call.state).toBe('closed');
    service.isDown = false;
    expect(await call(1)).toBe('fine');
    service.isDown = true;
    await fail(call, 2);
    expect(call.state).toBe('open');
  }));

test('after the cooldown one probe at a time goes through; its success closes it', () =>
  testRun(async () => {
    const changes: string[] = [];
    const { service, call } = make({ onStateChange: (now, before) => changes.push(before, now) });
    await fail(call, 3);
    await sleep(50);
    expect(call.state).toBe('half-open');
    service.isDown = false;
    const probe = call(10);
    await expect(call(1)).rejects.toMatchObject({ name: 'CircuitOpenError', retryAfter: 0 });
    expect(await probe).toBe('fine');
    expect(call.state).toBe('closed');
    expect(await call(1)).toBe('fine');
    expect(changes).toEqual(['closed', 'open', 'open', 'half-open', 'half-open', 'closed']);
  }));

test('a probe that fails opens it for another cooldown', () =>
  testRun(async () => {
    const { call } = make();
    await fail(call, 3);
    await sleep(50);
    await fail(call, 1);
    expect(call.state).toBe('open');
    await sleep(49);
    expect(call.state).toBe('open');
    await sleep(1);
    expect(call.state).toBe('half-open');
  }));

test('halfOpen: a number of probes at a time, and a number of successes in a row', () =>
  testRun(async () => {
    const { service, call } = make({ halfOpen: 2 });
    await fail(call, 3);
    await sleep(50);
    service.isDown = false;
    const probes = [call(5), call(5)];
    await expect(call(1)).rejects.toThrow(CircuitOpenError);
    await probes[0];
    await Promise.all(probes);
    expect(call.state).toBe('closed');
  }));

test('a cancellation counts as neither, and lets the next probe through', () =>
  testRun(async () => {
    const { service, call } = make();
    for (let at = 0; at < 5; at += 1) await new CancelScope({ timeout: 1 }).run(() => call(1e6));
    expect(call.state).toBe('closed');
    await fail(call, 3);
    await sleep(50);
    await new CancelScope({ timeout: 1 }).run(() => call(1e6));
    expect(call.state).toBe('half-open');
    service.isDown = false;
    expect(await call(1)).toBe('fine');
    const before = service.calls;
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => call(1));
    expect(service.calls).toBe(before);
  }));

test('a foreign AbortError in a scope that nobody cancelled is a failure', () =>
  testRun(async () => {
    const abort = Object.assign(new Error('theirs'), { name: 'AbortError' });
    const call = circuitBreaker(() => Promise.reject(abort), { failures: 1 });
    await expect(call()).rejects.toBe(abort);
    expect(call.state).toBe('open');
  }));

test('calls of an earlier state have no say', () =>
  testRun(async (group) => {
    const { call } = make();
    const late = group.spawn(() => call(60).catch((error: unknown) => error));
    await settle();
    await fail(call, 3);
    await sleep(52);
    expect(call.state).toBe('half-open');
    expect(await late).toBe(refused);
    expect(call.state).toBe('half-open');
  }));

test('when may be asynchronous: what it resolves to counts', () =>
  testRun(async () => {
    const call = circuitBreaker(() => Promise.reject(refused), {
      failures: 1,
      when: async (error) => {
        await sleep(1);
        return error !== refused;
      },
    });
    await expect(call()).rejects.toBe(refused);
    expect(call.state).toBe('closed');
  }));

test('when says what a failure is; anything else shows that the service answers', () =>
  testRun(async () => {
    const missing = new Error('not found');
    let error = refused;
    const call = circuitBreaker(() => Promise.reject(error), {
      failures: 1,
      cooldown: 10,
      when: (e) => e !== missing,
    });
    await expect(call()).rejects.toBe(refused);
    await sleep(10);
    error = missing;
    await expect(call()).rejects.toBe(missing);
    expect(call.state).toBe('closed');
  }));

test('open() and close() do so by hand', () =>
  testRun(async () => {
    const { service, call } = make();
    service.isDown = false;
    call.open();
    await expect(call(1)).rejects.toThrow(CircuitOpenError);
    call.close();
    expect(await call(1)).toBe('fine');
    call.open();
    await sleep(50);
    expect(call.state).toBe('half-open');
  }));

test('passes `this` on, and a throw becomes a rejection', () =>
  testRun(async () => {
    const owner = {
      factor: 2,
      times: circuitBreaker(function (this: { factor: number }, n: number) {
        return n * this.factor;
      }),
    };
    expect(await owner.times(4)).toBe(8);
    const throwing = circuitBreaker(() => {
      throw refused;
    });
    await expect(throwing()).rejects.toBe(refused);
  }));

test.each([
  [1, {}, 'fn is 1'],
  [() => 1, 1, 'options is 1'],
  [() => 1, { failures: 0 }, 'failures is 0'],
  [() => 1, { halfOpen: 1.5 }, 'halfOpen is 1.5'],
  [() => 1, { within: NaN }, 'within is NaN'],
  [() => 1, { cooldown: NaN }, 'cooldown is NaN'],
  [() => 1, { when: 1 }, 'when is 1'],
  [() => 1, { onStateChange: 1 }, 'onStateChange is 1'],
])('refuses bad arguments: %p, %p', (fn, options, message) => {
  const making = () => circuitBreaker(fn as never, options as never);
  expect(making).toThrow(`circuitBreaker: ${message}`);
});
