import {
  CancelScope,
  getRunningLoop,
  sleep,
  sleepForever,
  timeout,
  TimeoutError,
} from '@ambit/core';

/** A host whose clock we hold, and whose timers are as early as Node's, or earlier. */
class EarlyHost {
  time = 0;
  readonly delays: number[] = [];
  readonly #pending = new Map<number, { due: number; callback: () => void }>();
  #ids = 0;

  install(): void {
    jest.spyOn(performance, 'now').mockImplementation(() => this.time);
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms: number) => {
      this.delays.push(ms);
      this.#ids += 1;
      this.#pending.set(this.#ids, { due: this.time + ms, callback });
      return this.#ids;
    }) as never);
    jest.spyOn(globalThis, 'clearTimeout').mockImplementation(((id: number) => {
      this.#pending.delete(id);
    }) as never);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Fires the next timer, so many milliseconds early. */
  fire(early = 0): void {
    const [next] = [...this.#pending].sort(([, a], [, b]) => a.due - b.due);
    if (next === undefined) throw new Error('no timer');
    const [id, { due, callback }] = next;
    this.#pending.delete(id);
    this.time = Math.max(this.time, due - early);
    callback();
  }
}

let host: EarlyHost;

beforeEach(() => {
  host = new EarlyHost();
  host.install();
});

afterEach(() => {
  jest.restoreAllMocks();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a timer of the host loop', () => {
  // rule 137, fact J2
  test('that the host fires early is armed again, and is never early itself', () => {
    const fired: number[] = [];
    getRunningLoop().callLater(10.5, () => fired.push(host.time));
    host.fire(1);
    expect(host.time).toBe(10);
    expect(fired).toEqual([]);
    host.fire();
    expect(fired).toEqual([11]);
  });

  // rule 137, fact J2
  test('longer than the host can hold is armed in stages', () => {
    const fired: number[] = [];
    const instant = 2 ** 31 + 5000;
    getRunningLoop().callAt(instant, () => fired.push(host.time));
    host.fire();
    expect(fired).toEqual([]);
    host.fire();
    expect(fired).toEqual([instant]);
    expect(host.delays).toEqual([2 ** 31 - 1, 5001]);
  });

  test('of Infinity is none, one in the past comes in the next turn, and NaN is refused', () => {
    const loop = getRunningLoop();
    loop.callLater(Infinity, () => undefined).cancel();
    loop.callAt(Infinity, () => undefined);
    expect(host.pending).toBe(0);
    loop.callLater(-5, () => undefined);
    loop.callAt(-Infinity, () => undefined);
    expect(host.delays).toEqual([0, 0]);
    expect(() => loop.callLater(NaN, () => undefined)).toThrow(RangeError);
    expect(() => loop.callAt(NaN, () => undefined)).toThrow(RangeError);
  });
});

describe('on the host loop', () => {
  // rule 137
  test('sleep and timeout are not early if the host is', async () => {
    const log: string[] = [];
    const slept = sleep(10).then(() => log.push(`slept at ${host.time}`));
    host.fire(1);
    await turn();
    expect(log).toEqual([]);
    host.fire();
    await slept;
    const cut = timeout(10, () => sleepForever());
    host.fire(1);
    await turn();
    host.fire();
    await expect(cut).rejects.toThrow(TimeoutError);
    expect(log).toEqual(['slept at 10']);
    expect(host.time).toBe(20);
  });

  // rules 29, 137
  test('a sleep of 2**40 does not end after a millisecond', async () => {
    const scope = new CancelScope();
    const sleeping = scope.run(() => sleep(2 ** 40));
    expect(host.delays).toEqual([2 ** 31 - 1]);
    scope.cancel();
    await sleeping;
    expect(host.pending).toBe(0);
  });

  // rule 38
  test('a scope that ends leaves no timer that would keep the process', async () => {
    await timeout(60_000, () => Promise.resolve());
    expect(host.pending).toBe(0);
  });

  test('many deadlines are one timer of the host', async () => {
    const scopes = [30, 10, 20].map((ms) => new CancelScope({ timeout: ms }));
    const running = scopes.map((scope) => scope.run(() => sleepForever()));
    expect(host.pending).toBe(1);
    for (let i = 0; i < 3; i += 1) host.fire();
    await Promise.all(running);
    expect(host.time).toBe(30);
  });
});
