import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs a program with a failing action; answers what was uncaught. */
function uncaughtIn(body: string): string {
  const program = `
    import { run, sleep } from '@ambit/core';
    import { Action } from '@ambit/core/actions';
    process.on('uncaughtException', (error) => console.log('uncaught: ' + error.message));
    await run(async () => {
      using action = new Action(async () => { await sleep(1); throw new Error('no network'); });
      ${body}
      await sleep(20);
    });
  `;
  const compiled = program.replace('using action', 'const action');
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', compiled], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
    timeout: 15_000,
  });
  return stdout + stderr;
}

test('without a group and onError, a failure that no code awaits is an uncaught error', () => {
  expect(uncaughtIn('action.perform();')).toBe('uncaught: no network\n');
});

test('one that is awaited is not', () => {
  expect(uncaughtIn('await action.perform().join().catch(() => undefined);')).toBe('');
});
