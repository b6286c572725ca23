import { spawnSync } from 'node:child_process';
import { buildSync } from 'esbuild';

/** Bundles a program as its users do, from the sources. */
function bundleOf(contents: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: __dirname },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    conditions: ['@ambit/source'],
    external: ['croner'],
    // It warns of what this test is about where the package is not in node_modules.
    logLevel: 'error',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}

function outcomeOf(bundle: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', bundle],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const STUCK = `
  import { Future, run } from '@ambit/core';
  await run((group) => group.spawn(() => new Future().wait(), { name: 'worker' }).join());
`;

const DEBUGGED = `
  import { run, sleep } from '@ambit/core';
  const failure = (error) => error;
  const crash = async () => { await sleep(1); throw new Error('refused'); };
  const result = await run((group) => group.spawn(crash, { name: 'worker' }).join(), { debug: true }).catch(failure);
  console.log(result.stack);
`;

const LOADED = `import '@ambit/core/debug';`;

test('a bundle has no task tree, and its program still ends with exit code 13 when it is stuck', () => {
  const bundle = bundleOf(STUCK);
  expect(bundle).not.toMatch('straggler: its grace is over');
  const { status, stderr } = outcomeOf(bundle);
  expect(stderr).toMatch(
    /^Deadlock: .*\n\(no task tree in this bundle: import '@ambit\/core\/debug'\)$/m,
  );
  expect(status).toBe(13);
});

test('with the debug door, a bundle prints the tree of a program that is stuck', () => {
  const { status, stderr } = outcomeOf(bundleOf(`${LOADED}\n${STUCK}`));
  expect(stderr).toMatch(/^Deadlock: .*\nrun/m);
  expect(stderr).toMatch('task worker');
  expect(status).toBe(13);
});

test('without the debug door, a bundle refuses debug mode', () => {
  expect(outcomeOf(bundleOf(DEBUGGED)).stdout).toMatch(
    "InvalidStateError: run: debug mode is not in this bundle; import '@ambit/core/debug'",
  );
});

test('with the debug door, an error in a bundle tells where its task was spawned', () => {
  expect(outcomeOf(bundleOf(`${LOADED}\n${DEBUGGED}`)).stdout).toMatch(
    /Error: refused[^]*-- the task "worker" was spawned here --/,
  );
});

test('a bundle of the whole main door has the tools only with the debug door', () => {
  const all = `import * as core from '@ambit/core'; console.log(core.run.length);`;
  const holder = `Object.getOwnPropertySymbols(globalThis).map(String)`;
  const probe = `${all} await core.run(() => undefined); console.log(${holder}.join());`;
  expect(outcomeOf(bundleOf(probe)).stdout).not.toMatch('@ambit/core:look');
  expect(outcomeOf(bundleOf(`${LOADED}\n${probe}`)).stdout).toMatch('@ambit/core:look');
});

test('a bundle that makes no CancelScope has no grace, and no scope that waits for its entry', () => {
  expect(
    bundleOf(`import { sleep, timeout } from '@ambit/core'; await timeout(9, () => sleep(1));`),
  ).not.toMatch(/StragglersError|not a CancelScope/);
  expect(
    bundleOf(`import { CancelScope } from '@ambit/core'; new CancelScope({ grace: 1 });`),
  ).toMatch(/StragglersError/);
});
