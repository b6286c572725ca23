// Imported before suites of tests: has each of their tests run on a host of a simulated network, as it is. The other imports
// of a file are evaluated after it.
import { testRun } from '@ambit/core/testing';
import { SimulatedNetwork } from '@ambit/io/testing';

type Body = (...args: unknown[]) => unknown;
type Register = (name: string, body: Body, limit?: number) => void;

interface Registering extends Register {
  each(...table: unknown[]): Register;
}

const NO_UNIX = 'a simulated host has no unix sockets';

/** The tests that cannot, and why. */
const EXCEPT: readonly (readonly [test: RegExp, why: string])[] = [
  [/^a byte stream: a unix socket/u, NO_UNIX],
  [/^over a unix socket$/u, NO_UNIX],
  [/^connectUnix/u, NO_UNIX],
  [/^an existing server > at a path/u, NO_UNIX],
  [/own stdout stays open/u, 'it starts a process'],
  [/^the call > runs as the contract writes it$/u, 'it calls run(), as the simulation does'],
  [/^an end without the goodbye of TLS/u, 'it closes a handle, which a simulated socket has not'],
  [/^requestTimeout > counts from the first byte/u, "the clock of Node's parser is a real one"],
  [/^asks for no more than the client takes$/u, 'virtual time waits for its endless source'],
];

/** Of those that were left out. */
export const reasons: Set<string> = new Set<string>();

const path: string[] = [];

function onAHost(body: Body): Body {
  // As jest's, with time to say what it waited for.
  const limit = 55_000;
  // Certificates are valid from today on, and what checks them knows nothing of a simulation.
  const date = new Date();
  return (...args) =>
    testRun(
      async () => {
        await using network = new SimulatedNetwork({ date });
        await network.host('here').run(() => body(...args));
      },
      { limit },
    );
}

function registering(register: Register): Register {
  return (name, body, limit) => {
    const full = [...path, name].join(' > ');
    const exception = EXCEPT.find(([test]) => test.test(full));
    if (exception !== undefined) {
      reasons.add(exception[1]);
      return;
    }
    register(name, onAHost(body), limit);
  };
}

function describing(describe: Register): Register {
  return (name, body) => {
    describe(name, (...args) => {
      path.push(name);
      body(...args);
      path.pop();
    });
  };
}

function replace(name: 'test' | 'describe', how: (register: Register) => Register): void {
  const globals = globalThis as unknown as Record<typeof name, Registering>;
  const own = globals[name];
  globals[name] = Object.assign(how(own), {
    each: (...table: unknown[]) => how(own.each(...table)),
  });
}

replace('test', registering);
replace('describe', describing);
