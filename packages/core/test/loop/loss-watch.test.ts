import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ambient } from '../../src/loop/context/synchronous.ts';
import { back, close, enter, leave } from '../../src/loop/follow/call.ts';
import { slot } from '../../src/loop/slot.ts';

// In the build for runtimes without AsyncLocalStorage, each program in a process of its own: the warning comes once.

jest.setTimeout(120_000);

const fixture = join(__dirname, '../fixtures/loss-watch.mjs');

async function warningsOf(program: string, mode = 'development'): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-C', 'ambit-explicit', fixture, program],
    { env: { ...process.env, NODE_ENV: mode } },
  );
  return JSON.parse(stdout) as string[];
}

describe('a call behind an await of a body', () => {
  test.each(['sleep', 'checkpoint', 'timeout', 'TaskGroup', 'currentScope'])(
    '%s is told, with the cure',
    async (program) => {
      const [warning, ...others] = await warningsOf(program);
      expect(warning).toMatch(`${program}: there is no current scope here`);
      expect(warning).toMatch('Add unplugin-ambit to the bundler, or pass { signal }');
      expect(others).toEqual([]);
    },
  );

  test('is told once', async () => {
    expect(await warningsOf('twice')).toHaveLength(1);
  });

  test('is not told in production', async () => {
    expect(await warningsOf('sleep', 'production')).toEqual([]);
  });
});

test.each([
  ['plugin', 'of a program that unplugin-ambit has rewritten'],
  ['outside', 'without a scope around'],
  ['signal', 'that was given a signal'],
  ['join', 'of a group for its tasks'],
  ['listener', 'in the listener of an event'],
  ['own', 'of Ambit’s own functions'],
])('%s: nothing is told of a wait %s', async (program) => {
  expect(await warningsOf(program)).toEqual([]);
});

test('a function of Ambit that was called without a frame goes on at home, which is none', () => {
  const ambient = new Ambient(slot);
  const call = enter();
  expect(leave(call, 1)).toBe(1);
  expect(slot.value).toBeUndefined();
  expect(back(call, 1)).toBe(1);
  expect(slot.value).toBe(slot.home);
  expect(ambient.get()).toBeUndefined();
  ambient.run({}, () => expect(ambient.get()).toEqual({}));
  close(call);
  expect([slot.value, slot.isFollowed]).toEqual([undefined, false]);
});
