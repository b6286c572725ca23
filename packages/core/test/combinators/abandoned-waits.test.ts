import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const fixture = join(__dirname, '../fixtures', 'abandoned-waits.mjs');
const measured = promisify(execFile)(process.execPath, ['--expose-gc', fixture]).then(
  ({ stdout }) => JSON.parse(stdout) as Record<string, number>,
);

// A promise cannot forget a reaction; the wait that was given up leaves an empty cell on it, and no scope.
// From Node 24 on the cell has a context, of about 300 bytes.
test.each([
  ['waitFor of a promise, out of time', 700],
  ['waitFor of a promise, cancelled', 700],
  ['waitFor of a future, out of time', 250],
  ['waitFor of a future, cancelled', 250],
  ['waitFor of a promise, refused', 700],
  ['abortable, cancelled', 700],
  ['abortable, refused', 700],
  ['abortable with a signal, cancelled', 700],
])('%s leaves less than %i bytes', async (wait, most) => {
  expect((await measured)[wait]).toBeLessThan(most);
});
