import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { throwIfCancelled, invariant, ParkingLot } from '@ambit/core/lowlevel';
import { permute, settle, testRun } from '@ambit/core/testing';

// The walk "acquire → park → release → wake" of ARCHITECTURE.md, with what every primitive is made of.

/** Permits, as the semaphore of @ambit/sync keeps them. */
class Permits {
  readonly #lot = new ParkingLot();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  get waiting(): number {
    return this.#lot.size;
  }

  async acquire(): Promise<void> {
    throwIfCancelled();
    if (this.#free === 0) {
      await this.#lot.park({ name: 'a permit' });
      return;
    }
    this.#free -= 1;
  }

  release(): void {
    // Hand the permit over; putting it back first would let a newcomer barge in.
    if (this.#lot.unpark() === 0) this.#free += 1;
  }
}

test('a permit that is free is taken at once, one that is not is waited for, in order', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const permits = new Permits(1);
    await permits.acquire();
    expect([permits.free, permits.waiting]).toEqual([0, 0]);
    for (const name of ['a', 'b']) {
      group.spawn(async () => {
        await permits.acquire();
        log.push(`${name} has it`);
        await sleep(10);
        permits.release();
      });
    }
    expect(permits.waiting).toBe(2);
    permits.release();
    // Handed over: nobody can take it in between, although nobody has run yet.
    expect([permits.free, permits.waiting, log]).toEqual([0, 1, []]);
    await sleep(30);
    expect(log).toEqual(['a has it', 'b has it']);
    expect([permits.free, permits.waiting]).toEqual([1, 0]);
  }));

test('who is cancelled while waiting leaves the line in the same tick, and is not handed anything', () =>
  testRun(async (group) => {
    const permits = new Permits(0);
    const first = group.spawn(() => permits.acquire());
    const second = group.spawn(() => permits.acquire());
    await settle();
    first.cancel();
    expect(permits.waiting).toBe(1);
    permits.release();
    await second;
    expect([first.state, permits.free, permits.waiting]).toEqual(['cancelled', 0, 0]);
  }));

test('who was handed a permit and is cancelled in the same tick has it', () =>
  testRun(async (group) => {
    const permits = new Permits(0);
    const log: string[] = [];
    const task = group.spawn(async () => {
      await permits.acquire();
      log.push('has it');
      permits.release();
      await sleep(1);
    });
    await settle();
    permits.release();
    task.cancel();
    await task.join().catch(() => log.push('cancelled at the next checkpoint'));
    expect(log).toEqual(['has it', 'cancelled at the next checkpoint']);
    expect(permits.free).toBe(1);
  }));

test('who is cancelled beforehand takes nothing, though there is something to take', () =>
  testRun(async () => {
    const permits = new Permits(1);
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => permits.acquire());
    expect([scope.cancelCaught, permits.free]).toEqual([true, 1]);
  }));

test('no permit is lost or made, whoever is cancelled when', () =>
  permute(
    async () => {
      const permits = new Permits(2);
      let held = 0;
      await taskGroup((group) => {
        for (let n = 0; n < 8; n += 1) {
          const task = group.spawn(async () => {
            await permits.acquire();
            held += 1;
            invariant(held <= 2, 'at most two permits are held');
            await sleep(n % 3).finally(() => {
              held -= 1;
              permits.release();
            });
          });
          if (n % 2 === 1) group.spawn(() => sleep(n % 4).then(() => task.cancel()));
        }
      });
      expect([held, permits.free, permits.waiting]).toEqual([0, 2, 0]);
    },
    { runs: 50 },
  ));
