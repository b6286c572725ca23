// #region client
import { sleep } from '@ambit/core';

class Client {
  connections = 0;
  #connection: object | undefined;

  async connect(): Promise<object> {
    if (this.#connection === undefined) {
      await sleep(5); // the handshake
      this.connections += 1;
      this.#connection = {};
    }
    return this.#connection;
  }
}
// #endregion client

// #region test
import assert from 'node:assert/strict';
import { everyOrder } from '@ambit/core/testing';

const failure = await everyOrder(async (group) => {
  const client = new Client();
  group.spawn(() => client.connect(), { name: 'A' });
  group.spawn(() => sleep(5).then(() => client.connect()), { name: 'B' });
  await group.join();
  assert.ok(client.connections === 1, 'connected twice');
}).then(() => 'no failure', String);
console.log(failure);
// #endregion test
