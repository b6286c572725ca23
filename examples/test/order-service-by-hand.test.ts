import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

jest.setTimeout(240_000);

test('the counts of the order service by hand and with Ambit are those of the guide', () => {
  const program = join(root, 'examples/dist/order-service-by-hand/counts.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const page = readFileSync(join(root, 'docs/guides/order-service.md'), 'utf8');
  const [, shown = ''] = /<!-- counts -->\n\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rowsOf = (table: string): string[][] =>
    table
      .trim()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim()));
  const [, , ...expected] = rowsOf(shown);
  const [, , ...counted] = rowsOf(stdout);
  expect(counted).toEqual(expected);
});
