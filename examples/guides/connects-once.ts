// #region test
import assert from 'node:assert/strict';
import { sleep } from '@ambit/core';
import { everyOrder } from '@ambit/core/testing';
import { Once } from '@ambit/sync';

class Client {
  connections = 0;
  readonly #connection = new Once<object>();

  connect(): Promise<object> {
    return this.#connection.get(async () => {
      await sleep(5); // the handshake
      this.connections += 1;
      return {};
    });
  }
}

const { isComplete } = await everyOrder(
  async (group) => {
    const client = new Client();
    group.spawn(() => client.connect(), { name: 'A' });
    group.spawn(() => sleep(5).then(() => client.connect()), { name: 'B' });
    await group.join();
    assert.ok(client.connections <= 1, 'connected twice');
  },
  { cancel: ({ name }) => name === 'A' || name === 'B' },
);
assert.ok(isComplete);
console.log('no order fails');
// #endregion test
