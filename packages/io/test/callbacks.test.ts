import * as api from '@opentelemetry/api';
import { CancelScope, Future, timeout } from '@ambit/core';
import { fetch, memoryStreamPair, pipe, serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { instrument } from '@ambit/io/otel';

/** Options with a callback that notes what its `this` is. */
class Noting<T> {
  [name: string]: unknown;

  constructor(name: string, value: T) {
    this[name] = function (this: unknown): T {
      Noting.seen.push(this);
      return value;
    };
  }

  static seen: unknown[] = [];
}

beforeEach(() => {
  Noting.seen = [];
});

/** One request to a service. */
async function ask(options: object, init?: object): Promise<void> {
  const scope = new CancelScope();
  await scope.run(async () => {
    const started = new Future<HttpAddress>();
    const common = {
      port: 0,
      host: '127.0.0.1',
      onListening: (at: HttpAddress) => started.resolve(at),
    };
    const serving = serveHttp((_, response) => response.end(), Object.assign(options, common));
    const { port } = await started;
    const response = await timeout(5000, () => fetch(`http://127.0.0.1:${port}`, init));
    await response.text();
    scope.cancel();
    await serving;
  });
}

describe('a callback has the options that it came in as its `this`', () => {
  test('onProgress of pipe', async () => {
    const [[here, from], [to]] = [memoryStreamPair(), memoryStreamPair()];
    await here.send('x');
    await here.sendEof();
    const options = new Noting('onProgress', undefined);
    await pipe(from, to, options);
    expect(Noting.seen).toEqual([options]);
    expect(Noting.seen[0]).toBe(options);
  });

  test('deadlineFrom of serveHttp', async () => {
    const options = new Noting('deadlineFrom', undefined);
    await ask(options);
    expect(Noting.seen[0]).toBe(options);
  });

  test('sendDeadline of fetch', async () => {
    const init = new Noting('sendDeadline', {});
    await ask({}, init);
    expect(Noting.seen[0]).toBe(init);
  });

  test('requestHook of instrument', async () => {
    const options = new Noting('requestHook', undefined);
    using _ = instrument(api, options);
    await ask({});
    expect(Noting.seen[0]).toBe(options);
  });
});
