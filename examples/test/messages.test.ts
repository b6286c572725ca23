import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

test('docs/messages.md has each message of core with its number', () => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/production.mjs', '--check'], {
    cwd: resolve(__dirname, '../..'),
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});
