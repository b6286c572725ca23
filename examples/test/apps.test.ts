import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scenarios } from '../apps/shared/drive/scenarios.ts';

const dist = join(__dirname, '../dist/apps');
// Without jest's NODE_ENV, by which frameworks and bundlers tell what they are built for.
const env = { ...process.env, NODE_ENV: undefined };

jest.setTimeout(180_000);

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000, env });
}

/** By a process of its own, which finds it or installs it: what tells where it is are modules that jest cannot load. */
function pathOf(browser: string): string {
  const file = JSON.stringify(join(__dirname, `../../runtimes/${browser}.mjs`));
  const program = `import { ${browser} as find } from ${file}; console.log(find());`;
  const { stdout, stderr } = node('--input-type=module', '--eval', program);
  return stdout.trim() || stderr;
}

type Outcomes = Map<string, string>;

/** Uses features of apps in a browser, all unless options name some; what went wrong with each, if anything did. */
async function drive(browser: string, ...options: string[]): Promise<Outcomes> {
  const where = ['--browser', browser, '--path', pathOf(browser)];
  const child = spawn(process.execPath, [join(dist, 'drive.js'), ...where, ...options], {
    ...{ stdio: ['ignore', 'pipe', 'inherit'], timeout: 170_000, env },
  });
  const outcomes: Outcomes = new Map();
  for await (const line of createInterface(child.stdout)) {
    const { name, error } = JSON.parse(line) as { name: string; error?: string };
    outcomes.set(name, error ?? 'passed');
  }
  return outcomes;
}

beforeAll(() => {
  const { status, stderr } = node(join(dist, 'build.js'));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe.each(['chromium', 'firefox'])('in %s', (browser) => {
  let outcomes: Outcomes;

  // All at once, since they wait more than they work.
  beforeAll(async () => {
    outcomes = await drive(browser);
  });

  describe.each(['react', 'vue', 'svelte', 'plain'])('%s', (app) => {
    test.each(Object.keys(scenarios))('%s', async (feature) => {
      const name = `${app}: ${feature}`;
      const outcome = outcomes.get(name);
      outcomes.delete(name);
      const again = async () =>
        (await drive(browser, '--app', app, '--feature', feature)).get(name);
      expect(outcome ?? (await again())).toBe('passed');
    });
  });
});

test('in development a component of React is mounted twice, and changed while it runs: the rest is as in production', () => {
  const { status, stderr } = node(join(dist, 'shared/drive/hot-update.js'), pathOf('chromium'));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
