import assert from 'node:assert/strict';
import { InvalidStateError } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { simulate, SimulatedNetwork } from '@ambit/io/testing';

test('a host whose main never ends is named where the simulation waits for it', () =>
  assert.rejects(
    simulate(
      (network) => {
        network.host('server', () => new Promise(() => undefined));
      },
      { limit: 50 },
    ),
    /waits for the end of host "server"/,
  ));

test('after its end a network refuses hosts and restarts', () =>
  testRun(async () => {
    const network = new SimulatedNetwork();
    const host = network.host('a', () => undefined);
    await network[Symbol.asyncDispose]();
    const refused = { name: InvalidStateError.name, message: /network has ended; make a new one/ };
    assert.throws(() => network.host('b'), refused);
    assert.throws(() => {
      host.restart();
    }, refused);
    assert.equal(host.isUp, false);
  }));
