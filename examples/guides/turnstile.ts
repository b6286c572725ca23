// #region primitive
import { ParkingLot, throwIfCancelled } from '@ambit/core/lowlevel';

/** Lets in one task for each coin, first come, first served. */
class Turnstile {
  readonly #line = new ParkingLot();
  #coins = 0;

  async pass(options?: { signal?: AbortSignal }): Promise<void> {
    throwIfCancelled(options); // cancelled: no effect
    if (this.#coins > 0) {
      this.#coins -= 1;
      return;
    }
    await this.#line.park({ ...options, name: 'turnstile' });
  }

  insertCoin(): void {
    // Hand it over; adding it to the state first would let a newcomer take it.
    if (this.#line.unpark() === 0) this.#coins += 1;
  }
}
// #endregion primitive

// #region test
import assert from 'node:assert/strict';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';

await testRun(async (group) => {
  const turnstile = new Turnstile();
  const order: string[] = [];
  const visit = (name: string) => group.spawn(() => turnstile.pass().then(() => order.push(name)));
  const [ann, bob] = [visit('Ann'), visit('Bob')];
  visit('Cy');
  await settle(); // all three are in line

  turnstile.insertCoin(); // Ann is woken …
  ann.cancel(); // … and keeps the coin
  bob.cancel(); // Bob was not woken: the next coin is for Cy
  turnstile.insertCoin();
  await settle();
  assert.deepEqual(order, ['Ann', 'Cy']);

  turnstile.insertCoin();
  await expectCheckpoint(() => turnstile.pass()); // it is a checkpoint, even with a free coin
  console.log(order.join(', then '));
});
// #endregion test
