// Two copies would be two ambient worlds: each door gives `import` and `require` the same one.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Doors of a framework, which is not installed here. */
const FRAMEWORKS = new Set(['./react', './vue', './svelte']);

for (const folder of readdirSync('node_modules/@ambit')) {
  const { exports } = JSON.parse(
    readFileSync(`node_modules/@ambit/${folder}/package.json`, 'utf8'),
  );
  const doors = Object.keys(exports).filter(
    (door) => !door.endsWith('.json') && !FRAMEWORKS.has(door),
  );
  for (const door of doors) {
    const name = `@ambit/${folder}${door.slice(1)}`;
    const [imported, required] = [await import(name), require(name)];
    assert.ok(Object.keys(imported).length > 0, name);
    for (const key of Object.keys(imported))
      assert.equal(required[key], imported[key], `${name}: ${key}`);
  }
}
