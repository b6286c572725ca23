import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

// One run of what docs/guides/order-service.md has a table of, with all troubles in it. Nothing is measured, so the machine may
// be slow.

jest.setTimeout(240_000);

const program = resolve(__dirname, '../dist/order-service/counts.js');

test.each(['fastify', 'express'])(
  'on %s no accepted order is lost, and each gets its invoice, whatever happens',
  (framework) => {
    const sizes = ['--clients', '4', '--ms', '400', '--seed', '7'];
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [program, '--together', '--service', framework, ...sizes],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [heads = [], , cells = []] = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const row = Object.fromEntries(heads.map((head, at) => [head, cells[at]]));
    expect(row).toMatchObject({ lost: '0', unfinished: '0', 'exit codes': '0' });
    expect(Number(row['accepted'])).toBeGreaterThan(0);
  },
);
