import { reasons } from './on-a-host.ts';
import '../../http/fetch.test.ts';
import '../../http/frameworks.test.ts';
import '../../http/frameworks-as-handlers.test.ts';
import '../../http/serve-http.test.ts';
import '../../http/serve-http2.test.ts';
import '../../http/serve-http-end.test.ts';
import '../../http/serve-http-limits.test.ts';
import '../../http/serve-http-waits.test.ts';
import '../../http/sse.test.ts';

// A test that is left out has a reason; a reason that no test has is to go.
test('what cannot run on a host', () => {
  expect([...reasons].sort()).toEqual([
    'a simulated host has no unix sockets',
    'it calls run(), as the simulation does',
    "the clock of Node's parser is a real one",
    'virtual time waits for its endless source',
  ]);
});
