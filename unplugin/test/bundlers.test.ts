import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const fixture = join(__dirname, 'fixtures/build.mjs');

function node(args: string[], input?: string): string {
  const options = { encoding: 'utf8', cwd: join(__dirname, '..'), input, timeout: 15_000 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  return stdout.trim() || stderr;
}

/** What the app prints that was bundled so, as for a browser. */
function printed(bundler: string, plugin: string): string {
  return node(['--input-type=module', '-'], node([fixture, bundler, plugin]));
}

test.each(['esbuild', 'rollup'])(
  'an app bundled by %s keeps its scope after an await',
  (bundler) => {
    expect(printed(bundler, 'plugin')).toBe('cancelled');
  },
);

test('without the plugin the scope is lost', () => {
  expect(printed('esbuild', 'none')).toContain('the scope is lost');
});
