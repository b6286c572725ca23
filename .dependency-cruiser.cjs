'use strict';

// Which room may import from which. `tsPreCompilationDeps` makes an `import type` count like any other import.

// The rooms (folders of src) of each package, lowest floor first: a room imports from lower floors only.
// Doors are the files directly in src; they import from every room, and no room imports a door.
const floors = {
  core: [
    ['internal'],
    ['loop'],
    ['platform'],
    ['diagnostics'],
    ['scope'],
    ['waiting'],
    ['tasks'],
    ['combinators'],
    ['abort', 'actions', 'iter', 'program'],
    ['frameworks', 'web'],
    ['inspect'],
    ['testing'],
  ],
  sync: [
    ['internal'],
    ['locks', 'queues'],
    ['signals'],
    ['channels', 'broadcast'],
    ['lease', 'web'],
  ],
  io: [
    ['streams', 'events', 'threads'],
    ['net', 'http', 'processes', 'files'],
    ['postgres', 'redis', 'otel', 'fastify', 'express', 'inspect', 'testing'],
    ['command'],
  ],
};

const packages = Object.keys(floors);
const src = (name) => `^packages/${name}/src/`;
const rooms = (name, list) => `${src(name)}(${list.join('|')})/`;

const downwardsOnly = packages.flatMap((name) =>
  floors[name].flatMap((floor, level) =>
    floor.map((room) => ({
      name: `${name}-${room}-imports-downwards`,
      severity: 'error',
      comment: 'Imports go down: see the floors at the top of .dependency-cruiser.cjs.',
      from: { path: rooms(name, [room]) },
      to: {
        path: rooms(
          name,
          floors[name]
            .slice(level)
            .flat()
            .filter((other) => other !== room),
        ),
      },
    })),
  ),
);

const everyRoomIsListed = packages.map((name) => ({
  name: `${name}-every-room-has-a-floor`,
  severity: 'error',
  comment: 'A new folder of src gets a floor at the top of .dependency-cruiser.cjs.',
  from: {},
  to: { path: `${src(name)}[^/]+/`, pathNot: rooms(name, floors[name].flat()) },
}));

// In io the ground of the package still lies beside its door.
const doors = `^packages/(core|sync)/src/[^/]+[.]ts$|${src('io')}(index|pg|postgres-js|redis|otel|fastify|express|inspect|testing)[.]ts$`;
const core = src('core');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Inside a room types may point both ways: a scope and its error name each other. Between rooms types count too.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...downwardsOnly,
    ...everyRoomIsListed,
    {
      name: 'doors-are-for-users',
      severity: 'error',
      comment: 'Inside the package, import the file that has it.',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: doors, dependencyTypes: ['local'] },
    },
    {
      name: 'async-hooks-only-in-context',
      severity: 'error',
      comment:
        'I7: one place knows the ambient context. The platform and the inspector watch turns with a hook; a simulated host is found by its own. What calls functions before core is loaded makes the storage that core then takes.',
      from: {
        path: '^packages/',
        pathNot: `${core}(loop/context/|platform/node[.]ts$)|^packages/io/src/(inspect/turn-meter|testing/current-machine|threads/(open|thread)-frames)[.]ts$`,
      },
      to: { path: '^(node:)?async_hooks$' },
    },
    {
      name: 'core-runs-anywhere',
      severity: 'error',
      comment: 'Node modules only where package imports (#context, #platform) choose by runtime.',
      from: { path: core, pathNot: `${core}(loop/context|platform)/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-through-its-doors',
      severity: 'error',
      comment:
        'sync and io use @ambit/core and @ambit/core/lowlevel; what they need beyond becomes public.',
      from: { path: '^packages/(sync|io)/src/', pathNot: `${src('io')}testing/` },
      to: { path: '^packages/core/', pathNot: `${core}(index|inspect|lowlevel)[.]ts$` },
    },
    {
      name: 'simulations-through-its-doors',
      severity: 'error',
      comment: 'Only what tests use is made of what core has for tests.',
      from: { path: `${src('io')}testing/` },
      to: { path: '^packages/core/', pathNot: `${core}(index|lowlevel|testing)[.]ts$` },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: '^packages/(sync|io)/' },
    },
    {
      name: 'sync-and-io-apart',
      severity: 'error',
      comment: 'Waiting for each other and waiting for the world are two ideas.',
      from: { path: '^packages/(sync|io)/src/' },
      to: { path: '^packages/(sync|io)/src/', pathNot: '^packages/$1/' },
    },
    {
      name: 'src-not-to-test',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '(^|/)test/' },
    },
    {
      name: 'src-declares-what-it-needs',
      severity: 'error',
      comment:
        'Only what package.json lists under dependencies, or asks for as a peer, is there for a user.',
      from: { path: '^packages/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '/dist/', '/build/'] },
    enhancedResolveOptions: {
      conditionNames: ['@ambit/source', 'node', 'import', 'types', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
