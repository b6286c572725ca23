import assert from 'node:assert/strict';
import { InvalidStateError } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { simulate, SimulatedNetwork } from '@ambit/io/testing';
import type { CrashOptions, LinkOptions } from '@ambit/io/testing';

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

test('arguments that would do nothing are refused by name', () =>
  simulate((network) => {
    const [a, b] = [network.host('a'), network.host('b')];
    const refuses = (fn: () => void, message: RegExp): void => {
      assert.throws(fn, { name: 'TypeError', message });
    };
    const silent = { silent: 5 } as unknown as CrashOptions;
    refuses(() => {
      a.crash(silent);
    }, /^SimulatedHost\.crash: silent is 5; give true or false/);
    assert.ok(a.isUp);
    refuses(() => {
      network.link(a, b, undefined as unknown as LinkOptions);
    }, /^SimulatedNetwork\.link: options is undefined; give /);
    for (const name of ['partition', 'hold', 'reset'] as const) {
      refuses(
        () => {
          network[name](a, [a]);
        },
        new RegExp(`^SimulatedNetwork\\.${name}: a and b are both host "a"; give two hosts`),
      );
    }
    refuses(() => {
      network.link(a, a, { latency: 5 });
    }, /a and b are both host "a"/);
    network.partition([a, b], [a, b]);
    network.heal(a, a);
    network.heal();
  }));

test('a latency that is refused is shown with its values', () =>
  simulate((network) => {
    const [a, b] = [network.host('a'), network.host('b')];
    const link = (latency: unknown) => () => {
      network.link(a, b, { latency } as LinkOptions);
    };
    assert.throws(link([5, 1]), { name: 'RangeError', message: /latency is \[5, 1\]; give / });
    assert.throws(link([1, 2, 3]), { name: 'TypeError', message: /latency is \[1, 2, 3\]; give / });
    assert.throws(link('fast'), { name: 'TypeError', message: /latency is "fast"; give / });
  }));
