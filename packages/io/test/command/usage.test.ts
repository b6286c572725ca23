// The exit codes of the program `ambit`: 0, 1 if a program is not there, 2 for wrong usage.
import { ambit, useOwnDirectory } from '../support/inspected-program.ts';

jest.setTimeout(60_000);
useOwnDirectory();

test.each([
  [''],
  ['look'],
  ['tree'],
  ['tree first'],
  ['trace 1 --ms soon'],
  ['top 1 --every 99'],
  ['attach 1 --port 65536'],
  // What a command does not use is no part of it.
  ['ps 1'],
  ['completion bash'],
  ['tree 1 2'],
  ['ps --out file'],
  ['tree 1 --ms 100'],
  ['web 1 --port 8080'],
  ['attach 1 --json'],
])('`ambit %s` is wrong usage', (line) => {
  const { status, stdout, stderr } = ambit(...line.split(' ').filter((word) => word !== ''));
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^ambit: .+\n\nUsage: /);
});

test('a program that is not there is 1, without the usage', () => {
  for (const name of ['tree', 'top', 'web', 'trace']) {
    const { status, stderr } = ambit(name, '999999999');
    expect({ name, status }).toEqual({ name, status: 1 });
    expect(stderr).not.toContain('Usage');
  }
});

test('no programs, and a call for help, are 0', () => {
  expect(ambit('ps').status).toBe(0);
  expect(ambit('ps', '--json').stdout).toBe('[]\n');
  expect(ambit('tree', '--help')).toMatchObject({ status: 0, stderr: '' });
});
