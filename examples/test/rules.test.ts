import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

test('docs/rules.md has each rule that is cited, and each rule has a test or a reason why not', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/rules.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
});
