// Not runtimes but rooms in one: the environments of test runners, which bring an AbortController, an Event and timers of
// their own, and a runner that looks for what a file leaves behind. Pinned, on a Node that all of them support.
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../scripts/tools.mjs';
import { root } from '../scripts/setup.mjs';
import { start } from './start.mjs';

const TOOLS = { vitest: '5.1.2', 'happy-dom': '21.0.4', jsdom: '31.0.1' };

/** Runs one test file under vitest, in the workshop, and answers what it printed. */
function vitest(folder, node, file, flags, options = {}) {
  const tools = join(install('environments', TOOLS), 'node_modules');
  for (const name of Object.keys(TOOLS))
    link(join(tools, name), join(folder, 'node_modules', name));
  const path = join(folder, 'environments', file);
  const args = ['--expose-gc', join(tools, 'vitest/vitest.mjs'), 'run', path, '--root', folder];
  return start([node, ...args, ...flags], {
    cwd: folder,
    ...options,
    env: { ...process.env, ...options.env },
  });
}

function link(target, path) {
  try {
    symlinkSync(target, path, 'junction');
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

const suiteIn = (environment) => async (folder, node) => {
  const RESULTS = join(folder, `${environment}.json`);
  const flags = ['--environment', environment];
  await vitest(folder, node, 'suite.vitest.test.mjs', flags, { env: { RESULTS } });
  return JSON.parse(readFileSync(RESULTS, 'utf8'));
};

async function leaks(folder, node) {
  const { stdout } = await vitest(folder, node, 'leaks.vitest.test.mjs', ['--detect-async-leaks']);
  const result = { feature: 'no async leaks', name: 'vitest --detect-async-leaks finds nothing' };
  // Its summary has a line `Leaks  2 leaks` if there are any.
  if (!/\bLeaks\b/.test(stdout)) return [{ ...result, outcome: 'passed' }];
  return [{ ...result, outcome: 'failed', text: stdout }];
}

/** The fixtures of @ambit/core/testing/vitest: each test's name says whether it is to fail. */
async function fixtures(folder, node) {
  const cases = 'runner-cases.mjs';
  const source = join(root, 'packages/core/test/fixtures', cases);
  copyFileSync(source, join(folder, 'environments', cases));
  const report = join(folder, 'fixtures.json');
  const flags = ['--detect-async-leaks', '--reporter=json', `--outputFile=${report}`];
  await vitest(folder, node, 'fixtures.vitest.test.mjs', flags, { expected: 1 });
  const [{ assertionResults }] = JSON.parse(readFileSync(report, 'utf8')).testResults;
  return assertionResults.map(({ title, status, failureMessages }) => ({
    feature: 'fixtures of vitest',
    name: title,
    outcome: title.startsWith(status === 'passed' ? 'passes' : 'fails') ? 'passed' : 'failed',
    text: failureMessages.join('\n'),
  }));
}

/** Each with its run(directory, node), where `node` is the path of the binary that runs it. */
export const environments = [
  { name: 'happy-dom', run: suiteIn('happy-dom') },
  { name: 'jsdom', run: suiteIn('jsdom') },
  {
    name: 'vitest',
    run: async (...where) => [...(await leaks(...where)), ...(await fixtures(...where))],
  },
];
