// The doors of the packages, what users import. A new one is a line here and its file in src: `npm run api` writes it into
// package.json and makes its report, the build bundles it, the reference has a page for it.
import { basename } from 'node:path';

const DOORS = {
  core: [
    ...['index', 'lowlevel', 'testing', 'testing-vitest', 'testing-jest', 'testing-node-test'],
    ...['abort', 'iter', 'actions', 'react', 'vue', 'svelte', 'web', 'ambient', 'inspect', 'debug'],
  ],
  io: ['index', 'pg', 'postgres-js', 'redis', 'otel', 'fastify', 'express', 'inspect', 'testing'],
  sync: ['index', 'lease', 'redis', 'postgres', 'web'],
};

/** Doors that may still change in a minor release: their own names are `@beta`, and `npm run api` checks that. */
const BETA = {
  core: ['actions', 'react', 'vue', 'svelte', 'web', 'ambient', 'inspect'],
  io: ['pg', 'postgres-js', 'redis', 'otel', 'fastify', 'express', 'inspect', 'testing'],
  sync: ['lease', 'redis', 'postgres', 'web'],
};

/** What a user imports of a package that is beta: `@ambit/core/inspect`. */
export function betaDoors() {
  return Object.entries(BETA).flatMap(([name, doors]) =>
    doors.map((door) => `@ambit/${name}/${door}`),
  );
}

/** Whether a door of a package is beta. */
export function isBeta(project, door) {
  return BETA[basename(project)].includes(door);
}

/** The files in a package's src that are doors, without their `.ts`; the main door first. */
export function doorsOf(project) {
  return DOORS[basename(project)];
}

/** The name of a door in package.json. */
export function pathOf(door) {
  return door === 'index' ? '.' : `./${door.replace(/^testing-/, 'testing/')}`;
}

/**
 * What package.json says of them. `module-sync` leads `import` and `require` to one copy where Node knows it. Browsers, runtimes that are
 * not known, and a program on Node with the condition `ambit-explicit` get the copy whose scope follows `await` without
 * AsyncLocalStorage. The types are named
 * once, before the conditions of runtimes: Node reads all of it at each start.
 */
export function exportsOf(project) {
  const doors = doorsOf(project).map((door) => {
    const types = { import: `./dist/${door}.d.ts`, require: `./dist/cjs/${door}.d.ts` };
    const begin = { '@ambit/source': `./src/${door}.ts`, types };
    const [code, require] = [`./dist/${door}.js`, `./dist/cjs/${door}.js`];
    const target = { 'module-sync': code, import: code, require };
    if (!FOLLOWING.includes(basename(project))) return [pathOf(door), { ...begin, ...target }];
    const explicit = {
      import: `./dist/explicit/${door}.js`,
      require: `./dist/explicit/cjs/${door}.js`,
    };
    const workerd = BY_RUNTIME.includes(basename(project)) ? workerdOf(door) : target;
    const byRuntime = { 'ambit-explicit': explicit, workerd, browser: explicit, node: target };
    const production = SHORTENED.includes(basename(project)) && productionOf(door, explicit);
    return [pathOf(door), { ...begin, ...production, ...byRuntime, ...explicit }];
  });
  return { ...Object.fromEntries(doors), './package.json': './package.json' };
}

/** For `import`, as bundlers read it: a program that requires a door gets the same copy as without the condition. */
function productionOf(door, { require }) {
  const code = `./dist/production/${door}.js`;
  const explicit = { import: `./dist/production/explicit/${door}.js`, require };
  const target = { 'module-sync': code, import: code };
  const byRuntime = { 'ambit-explicit': explicit, workerd: target, browser: explicit };
  return { production: { ...byRuntime, ...target } };
}

function workerdOf(door) {
  const code = `./dist/workerd/${door}.js`;
  return { 'module-sync': code, import: code, require: `./dist/workerd/cjs/${door}.js` };
}

/** The packages with a copy for the condition `production`. */
export const SHORTENED = ['core'];

/** The packages that run in browsers. */
export const FOLLOWING = ['core', 'sync'];

/** The packages with code for each kind of runtime. */
export const BY_RUNTIME = ['core'];
