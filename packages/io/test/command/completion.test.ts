import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ambit, useOwnDirectory } from '../support/inspected-program.ts';

const home = useOwnDirectory();

function completed(...words: string[]): string {
  const script = `${ambit('completion').stdout}
COMP_WORDS=(ambit ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_ambit
echo "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env },
  });
  expect(stderr).toBe('');
  return stdout.trim();
}

test('a shell completes the commands, and the ids of the programs that can be looked into', () => {
  expect(completed('t')).toBe('tree top trace');
  expect(completed('top', '')).toBe('');
  mkdirSync(join(home.path, 'ambit'), { mode: 0o700 });
  for (const pid of [31, 312, 44]) writeFileSync(join(home.path, 'ambit', `${pid}.sock`), '');
  expect(completed('top', '3')).toBe('31 312');
  expect(completed('web', '')).toBe('31 312 44');
  expect(completed('top', '31', '')).toBe('');
}, 60_000);
