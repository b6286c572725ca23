// npm run test:peers: the tests of libraries whose interface we have, as their packages ship them, against ours. Prints what
// they print, and last `N of N, and N that differ on purpose`. Fetches the tools once; not part of the gate.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root, setUp } from '../scripts/setup.mjs';
import { install } from '../scripts/tools.mjs';

const TOOLS = {
  'define-accessor-property': '1.0.0',
  disposablestack: '1.1.8',
  'es-value-fixtures': '1.7.1',
  foreach: '2.0.6',
  'has-tostringtag': '1.0.2',
  'is-registered-symbol': '1.1.1',
  'is-symbol': '1.1.1',
  semver: '6.3.1',
  tape: '5.9.0',
};

/** Assertions that fail because ours is another thing, by a part of their text, each with the reason. */
const ON_PURPOSE = {
  'has the correct [[Class]]': 'it is called ResourceStack',
  'resolve immediately': 'the signal has our listener while the call lasts, and none afterwards',
  'reject immediately': 'likewise',
  'AbortError with captureStackTrace enabled': 'their own class, which knows the name of its file',
};

const here = (name) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));

function run(args, options) {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...options });
  return `${stdout}${stderr}`;
}

/** es-shims' tests of AsyncDisposableStack, against ResourceStack. */
function disposableStack() {
  const folder = install('peers', TOOLS);
  const output = run([here('disposable-stack.cjs')], {
    cwd: folder,
    env: { ...process.env, AMBIT_ROOT: root },
  });
  return { name: 'AsyncDisposableStack (es-shims)', results: assertionsOf(output) };
}

/** abort-controller-x's tests of what `@ambit/core/abort` has, given the signal that they pass. */
function abortControllerX() {
  const source = join(root, 'packages/core/node_modules/abort-controller-x/src');
  const folder = join(root, 'node_modules/.cache/peers-abort');
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['', 'testUtils', 'utils'])
    copyTranspiled(join(source, part), join(folder, part));
  const packageRoot = createRequire(join(root, 'packages/core/package.json'));
  for (const [name, text] of Object.entries(stubs(packageRoot)))
    writeFileSync(join(folder, name), text);
  const tests = ['AbortError', 'abortable', 'execute', 'forever', 'waitForEvent'];
  const files = tests.map((name) => join(folder, `${name}.test.mjs`));
  const output = run(['--test', '--test-reporter=tap', ...files], { cwd: folder });
  return { name: '@ambit/core/abort (abort-controller-x)', results: assertionsOf(output) };
}

function copyTranspiled(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((each) => each.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 },
    });
    const resolved = outputText
      .replace(/from '(\.[^']*)'/g, "from '$1.mjs'")
      .replace(/from '(expect|defer-promise)'/g, "from './$1.mjs'");
    const file = name.replace(/\.ts$/, '.mjs');
    const test = file.endsWith('.test.mjs') ? "import { it } from 'node:test';\n" : '';
    writeFileSync(join(to, file), test + resolved);
  }
}

/** Replaces their modules, and of what their tests import. */
function stubs(packageRoot) {
  const ours = JSON.stringify(join(root, 'packages/core/dist/abort.js'));
  const expectPath = JSON.stringify(
    createRequire(createRequire(import.meta.url).resolve('jest')).resolve('expect'),
  );
  const theirs = JSON.stringify(packageRoot.resolve('abort-controller-x'));
  return {
    'expect.mjs': `import expect from ${expectPath};\nexport default expect.expect ?? expect;\n`,
    'defer-promise.mjs': `export default () => {
      const deferred = {};
      deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
      return deferred;
    };\n`,
    'abortable.mjs': `import { abortable as ours } from ${ours};
      export const abortable = (signal, promise) => ours(promise, { signal });\n`,
    'execute.mjs': `import { execute as ours } from ${ours};
      export const execute = (signal, executor) => ours(executor, { signal });\n`,
    'forever.mjs': `import { forever as ours } from ${ours};
      export const forever = (signal) => ours({ signal });\n`,
    'waitForEvent.mjs': `import { waitForEvent as ours } from ${ours};
      export const waitForEvent = (signal, target, name) => ours(target, name, { signal });\n`,
    'AbortError.mjs': `export * from ${theirs};\nexport { isAbortError } from ${ours};\n`,
  };
}

/** The innermost results of a TAP output. */
function assertionsOf(output) {
  const lines = output.split('\n').filter((line) => /^\s*(not )?ok \d+/.test(line));
  const results = lines.map((line) => ({ isOk: !/^\s*not ok/.test(line), text: line.trim() }));
  if (results.length === 0) throw new Error(`no results:\n${output}`);
  return results;
}

setUp();
let failed = 0;
for (const { name, results } of [disposableStack(), abortControllerX()]) {
  const bad = results.filter(({ isOk }) => !isOk);
  const reasonOf = ({ text }) =>
    Object.entries(ON_PURPOSE).find(([part]) => text.includes(part))?.[1];
  const unwanted = bad.filter((result) => reasonOf(result) === undefined);
  for (const result of bad)
    console.log(
      `${result.text}${reasonOf(result) === undefined ? '' : ` (on purpose: ${reasonOf(result)})`}`,
    );
  failed += unwanted.length;
  const onPurpose = bad.length - unwanted.length;
  console.log(
    `${name}: ${results.length - bad.length} of ${results.length}, and ${onPurpose} that differ on purpose`,
  );
}
process.exitCode = failed > 0 ? 1 : 0;
