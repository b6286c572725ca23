// CommonJS beside ES modules, and a second install: what they give each other's errors must hold.
import * as core from '@ambit/core';
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import exercises from './exercise.cjs';

const installed = 'node_modules/@ambit/core';
cpSync(installed, 'second/core', { recursive: true, dereference: true });

const require = createRequire(import.meta.url);
const copies = [
  core,
  require(`./${installed}/dist/cjs/index.js`),
  await import('./second/core/dist/index.js'),
];
assert.equal(new Set(copies.map(({ CancelScope }) => CancelScope)).size, copies.length);

for (const { CancelScope, gather } of copies) {
  const scope = new CancelScope();
  scope.cancel();
  const later = new Error('later');
  const failing = [() => Promise.reject(new Error('first')), () => Promise.reject(later)];
  const failure = await gather(failing).catch((error) => error);
  for (const other of copies) {
    assert.ok(other.isCancelled(scope.reason));
    assert.equal(other.suppressedErrors(failure)[0], later);
    const theirs = new other.CancelScope();
    await theirs.run(() => {
      theirs.cancel();
      throw scope.reason;
    });
    assert.ok(theirs.cancelCaught);
  }
}
await Promise.all(copies.map((copy) => exercises.exercise(copy)));
