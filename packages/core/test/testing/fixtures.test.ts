import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = join(__dirname, '../fixtures');

jest.setTimeout(120_000);

/** Runs the cases under a runner in a process of its own, and returns all that it printed. */
function printedBy(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, FORCE_COLOR: '0', ...env },
  });
  return `${stdout}${stderr}`;
}

function underJest(): string {
  const bin = createRequire(__filename).resolve('jest/bin/jest');
  const config = { rootDir: folder, testMatch: ['**/runner-jest.mjs'], transform: {} };
  const args = [bin, '--config', JSON.stringify(config), '--verbose', '--detectOpenHandles'];
  return printedBy(['--experimental-vm-modules', '--no-warnings', ...args]);
}

const RUNNERS = {
  'node:test': () => printedBy(['--test', '--test-reporter=spec', 'runner-node-test.mjs']),
  jest: underJest,
};

describe.each(Object.entries(RUNNERS))('the fixtures under %s', (name, printed) => {
  let text = '';
  beforeAll(() => {
    text = printed();
  });

  test('each test ends as its name says', () => {
    const outcomes = [...text.matchAll(/^\s*([✓✔✕✖×]) (passes|fails): (.*?) \(/gmu)];
    const ends = new Map(outcomes.map(([, mark = '', wanted, what]) => [what, [mark, wanted]]));
    expect(ends.size).toBe(10);
    for (const [mark = '', wanted] of ends.values()) {
      expect('✓✔'.includes(mark) ? 'passes' : 'fails').toBe(wanted);
    }
  });

  test('a leak has its owner, and where that was spawned', () => {
    expect(text).toContain('the test has left waits or scopes, 1 timer behind');
    const [, after = ''] = text.split('was begun by the task "owner", which was spawned here:');
    expect(after.slice(0, 1000)).toMatch(/runner-cases\.mjs:\d+/);
  });

  test('a failure of a task is that of the test', () => {
    expect(text).toContain('the baker is wrong');
  });

  test('a test without end is cancelled, cleans up and is shown as it was', () => {
    expect(text).toContain('the hanging task has cleaned up');
    expect(text).toMatch(/task hanging: running, .* waits for sleep forever/);
    expect(text).toContain('the task "hanging" has not ended, which was spawned here:');
    const deadline = 'about to exceed its time limit of 1500 ms';
    expect(text.includes(deadline)).toBe(name === 'jest');
  });

  test('the runner finds nothing left open', () => {
    expect(text).not.toMatch(/open handle|did not exit/);
  });
});
