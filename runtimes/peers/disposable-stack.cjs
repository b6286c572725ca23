// Runs in the directory of the tools: es-shims' own tests of AsyncDisposableStack, given ResourceStack.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const tools = createRequire(join(process.cwd(), 'package.json'));
const test = tools('tape');
const { AsyncDisposableStack: runTests } = require(
  join(process.cwd(), 'node_modules/disposablestack/test/tests.js'),
);
const { ResourceStack } = createRequire(join(process.env.AMBIT_ROOT, 'packages/core/package.json'))(
  '@ambit/core',
);

test('ResourceStack', (t) => {
  runTests(t, ResourceStack, Symbol.asyncDispose);
  t.end();
});
