import { reasons } from './on-a-host.ts';
import '../../net/listener.test.ts';
import '../../net/lookup.test.ts';
import '../../net/tcp.test.ts';
import '../../net/tls.test.ts';
import '../../net/udp.test.ts';

// A test that is left out has a reason; a reason that no test has is to go.
test('what cannot run on a host', () => {
  expect([...reasons].sort()).toEqual([
    'a simulated host has no unix sockets',
    'it closes a handle, which a simulated socket has not',
  ]);
});
