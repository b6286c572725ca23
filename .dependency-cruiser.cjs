'use strict';

// Who may import whom. `tsPreCompilationDeps` makes an `import type` count like any other import.

// The layers of packages/core/src, lowest first: a file imports from its own layer and from lower ones.
// A name is a file (without .ts) or, with a slash at its end, a folder. What is not listed is in the topmost layer.
const layers = [
  [
    'errors',
    'diagnostics',
    'task-group-error',
    'suppressed-errors',
    'event-loop',
    'check',
    'internal/',
    'platform/',
  ],
  [
    'runtime',
    'timers',
    'signal-hub',
    'ambient',
    'scope-tree',
    'cancel-callback',
    'cancel-scope',
    'cancel-wave',
    'cancellation',
    'timeout-error',
    'context',
    'context/',
    'park',
    'checkpoint',
    'parking-lot',
    'outcome',
    'future',
  ],
  [
    'task',
    'failure-policy',
    'stuck-watch',
    'admission',
    'starting',
    'children',
    'group-options',
    'task-group',
    'resource-stack',
  ],
];

// What users import; nothing inside does.
const doors = ['index', 'lowlevel', 'testing', 'abort', 'iter'];

const core = '^packages/core/src/';
const paths = (names) =>
  `${core}(${names.map((name) => (name.endsWith('/') ? name : `${name}[.]ts$`)).join('|')})`;

const isListed = paths(layers.flat());
const isDoor = paths(doors);

const downwardsOnly = layers.flatMap((layer, level) => {
  const higher = layers.slice(level + 1).flat();
  const rule = {
    severity: 'error',
    comment: 'Imports go down: see the layers at the top of .dependency-cruiser.cjs.',
    from: { path: paths(layer) },
  };
  const toTop = { path: core, pathNot: isListed };
  const toHigher = { path: paths(higher) };
  return [
    { name: `core-layer-${level}-not-to-top`, ...rule, to: toTop },
    ...(higher.length > 0
      ? [{ name: `core-layer-${level}-downwards`, ...rule, to: toHigher }]
      : []),
  ];
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Also not through types: a cycle is one thing pretending to be two.',
      from: {},
      to: { circular: true },
    },
    ...downwardsOnly,
    {
      name: 'doors-are-for-users',
      severity: 'error',
      comment: 'Inside the package, import the file that has it.',
      from: { path: core },
      to: { path: isDoor },
    },
    {
      name: 'async-hooks-only-in-context',
      severity: 'error',
      comment: 'I7: one place knows the ambient context. The platform watches turns with a hook.',
      from: { path: '^packages/', pathNot: `${core}(context/|platform/node[.]ts$)` },
      to: { path: '^(node:)?async_hooks$' },
    },
    {
      name: 'core-runs-anywhere',
      severity: 'error',
      comment: 'Node modules only where package imports (#context, #platform) choose by runtime.',
      from: { path: core, pathNot: `${core}(context|platform)/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-through-its-doors',
      severity: 'error',
      comment:
        'sync and io use @ambit/core and @ambit/core/lowlevel; what they need beyond becomes public.',
      from: { path: '^packages/(sync|io)/src/' },
      to: { path: '^packages/core/', pathNot: paths(['index', 'lowlevel']) },
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
      comment: 'Only what package.json lists under dependencies is there for a user.',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
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
    doNotFollow: { path: ['node_modules', '/dist/'] },
    enhancedResolveOptions: {
      conditionNames: ['@ambit/source', 'node', 'import', 'types', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
