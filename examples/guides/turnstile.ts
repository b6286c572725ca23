// #region primitive
import { enter, ParkingLot } from '@ambit/core/lowlevel';

/** Lets in as many as there are coins, first come, first served. */
class Turnstile {
  readonly #line = new ParkingLot();
  #coins = 0;

  async pass(options?: { signal?: AbortSignal }): Promise<void> {
    enter(options); // cancelled: no effect
    if (this.#coins > 0) {
      this.#coins -= 1;
      return;
    }
    await this.#line.park({ ...options, name: 'turnstile' });
  }

  insertCoin(): void {
    // To the first in line; putting it down first would let a newcomer barge in.
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
  const visit = (who: string) => group.spawn(() => turnstile.pass().then(() => order.push(who)));
  const [ann, bob] = [visit('Ann'), visit('Bob')];
  visit('Cy');
  await settle(); // all three stand in line

  turnstile.insertCoin(); // Ann is woken …
  ann.cancel(); // … and keeps what she was given
  bob.cancel(); // Bob is not: the next coin is for Cy
  turnstile.insertCoin();
  await settle();
  assert.deepEqual(order, ['Ann', 'Cy']);

  turnstile.insertCoin();
  await expectCheckpoint(() => turnstile.pass()); // a free coin does not make it one the less
  console.log(order.join(', then '));
});
// #endregion test
