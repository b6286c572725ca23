import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

test('action performs, in effects too, shows, and is cancelled with its component, whatever scope that was made in', () => {
  const program = join(__dirname, '../fixtures/svelte.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=browser', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toEqual([
    'false 0 ',
    'true 2 running',
    'B false 0 fulfilled',
    'no network false 0 rejected',
    'undefined end of a, end of b, end of bad, end of c',
    'E',
    'rejected cannot save',
    // An effect depends on what it gives to perform alone.
    '1 2',
  ]);
});
