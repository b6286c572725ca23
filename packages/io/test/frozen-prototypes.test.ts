import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

// A hardened program freezes the prototypes: an assignment to an inherited property throws then.
test('loads where Error.prototype is frozen, and its errors have their names', async () => {
  const source = `
    Object.freeze(Error.prototype);
    for (const door of ['@ambit/io']) {
      for (const [key, value] of Object.entries(await import(door))) {
        const name = value?.prototype instanceof Error ? value.prototype.name : key;
        if (name !== key) console.log(key, name);
      }
    }`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', source],
    { cwd: __dirname },
  );
  expect(stdout).toBe('');
});
