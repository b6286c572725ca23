// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.7,
    node: 22.5,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 20.6,
    node: 21,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 12, node: 11.6 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 11.5, node: 10.9 },
  { door: 'core', browser: 33, node: 33.8 },
  { door: 'core/abort', browser: 22.2, node: 24 },
  { door: 'core/actions', browser: 22.1, node: 21.7 },
  { door: 'core/react', browser: 22.1, without: ['react'] },
  { door: 'core/vue', browser: 21.8, without: ['vue'] },
  { door: 'core/svelte', browser: 21.5, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.7, node: 18.3 },
  { door: 'core/iter', browser: 24.2, node: 23.8 },
  { door: 'core/lowlevel', browser: 15.8, node: 15.5 },
  { door: 'core/testing', browser: 30.8, node: 31.9 },
  { door: 'core/testing-vitest', browser: 26.9, node: 27.9 },
  { door: 'core/testing-jest', browser: 27, node: 28 },
  { door: 'core/testing-node-test', browser: 26.9, node: 27.9 },
  { door: 'core/inspect', browser: 15.3, node: 14.9 },
  { door: 'core/debug', browser: 13.8, node: 13.5 },
  { door: 'sync', browser: 29.7, node: 28.8 },
  { door: 'sync/web', browser: 15.9, node: 15.1 },
  { door: 'io', node: 58 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 31.6 },
  { door: 'io/postgres-js', node: 31.7 },
  { door: 'io/redis', node: 19.4 },
  { door: 'io/otel', node: 19 },
  { door: 'io/fastify', node: 30.6 },
  { door: 'io/express', node: 30.4 },
  { door: 'io/inspect', node: 24.5 },
];

// What #context and #platform choose by. A browser's bundler sets neither `node` nor any other of them.
const TARGETS = {
  browser: { platform: 'browser' },
  node: { platform: 'node', conditions: ['node'] },
};

// What a bundler takes with the condition `production`.
const PRODUCTION = { browser: 'production/explicit/', node: 'production/' };

export default LIMITS.flatMap(({ door, names, isProduction, without = [], ...limits }) =>
  Object.entries(limits).map(([target, limit]) => {
    const [folder, file = 'index'] = door.split('/');
    return {
      name: `${names ? `{ ${names.join(', ')} }` : '*'} of @ambit/${door}${isProduction ? ' (production)' : ''}, ${target}`,
      path: `packages/${folder}/dist/${isProduction ? PRODUCTION[target] : ''}${file}.js`,
      import: names ? `{ ${names.join(', ')} }` : '*',
      limit: `${limit} kB`,
      gzip: true,
      // What an app has anyway.
      ignore: without,
      modifyEsbuildConfig: (config) => ({ ...config, ...TARGETS[target], format: 'esm' }),
    };
  }),
);
