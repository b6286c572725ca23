import { reasons } from './on-a-host.ts';
import '../../streams/buffered-reader.test.ts';
import '../../streams/byte-stream.test.ts';
import '../../streams/from-stream.test.ts';
import '../../streams/memory-stream.test.ts';
import '../../streams/node-stream.test.ts';
import '../../streams/pipe.test.ts';
import '../../streams/text-stream.test.ts';
import '../../streams/to-stream.test.ts';

// A test that is left out has a reason; a reason that no test has is to go.
test('what cannot run on a host', () => {
  expect([...reasons].sort()).toEqual(['it starts a process']);
});
