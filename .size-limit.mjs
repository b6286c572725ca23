// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 22,
    node: 22.8,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 21,
    node: 21.4,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 12, node: 11.6 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 11.6, node: 11.2 },
  { door: 'core', browser: 33.4, node: 34.2 },
  { door: 'core/abort', browser: 22.7, node: 24.5 },
  { door: 'core/actions', browser: 22.3, node: 22 },
  { door: 'core/react', browser: 22.4, without: ['react'] },
  { door: 'core/vue', browser: 22.1, without: ['vue'] },
  { door: 'core/svelte', browser: 21.7, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.7, node: 18.4 },
  { door: 'core/iter', browser: 24.6, node: 24.3 },
  { door: 'core/lowlevel', browser: 16, node: 15.6 },
  { door: 'core/testing', browser: 31.2, node: 32 },
  { door: 'core/testing-vitest', browser: 27.1, node: 28 },
  { door: 'core/testing-jest', browser: 27.2, node: 28.1 },
  { door: 'core/testing-node-test', browser: 27.1, node: 28 },
  { door: 'core/inspect', browser: 15.3, node: 14.9 },
  { door: 'core/debug', browser: 13.8, node: 13.6 },
  { door: 'sync', browser: 29.9, node: 29.1 },
  { door: 'sync/web', browser: 15.9, node: 15.2 },
  { door: 'io', node: 59.2 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 32.5 },
  { door: 'io/postgres-js', node: 32.5 },
  { door: 'io/redis', node: 20 },
  { door: 'io/otel', node: 19.8 },
  { door: 'io/fastify', node: 31.7 },
  { door: 'io/express', node: 31.5 },
  { door: 'io/inspect', node: 24.9 },
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
