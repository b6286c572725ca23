import assert from 'node:assert/strict';
import { simulate } from '@ambit/io/testing';

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
