// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 22.5,
    node: 22.7,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 21,
    node: 21.5,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 12.3, node: 11.6 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 11.6, node: 11.2 },
  { door: 'core', browser: 34.4, node: 34.2 },
  { door: 'core/abort', browser: 23.3, node: 24.5 },
  { door: 'core/actions', browser: 23.1, node: 22 },
  { door: 'core/react', browser: 23.1, without: ['react'] },
  { door: 'core/vue', browser: 22.8, without: ['vue'] },
  { door: 'core/svelte', browser: 22.4, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 19.4, node: 18.4 },
  { door: 'core/iter', browser: 25.4, node: 24.3 },
  { door: 'core/lowlevel', browser: 16.4, node: 15.6 },
  { door: 'core/testing', browser: 32, node: 32.1 },
  { door: 'core/testing-vitest', browser: 27.9, node: 28 },
  { door: 'core/testing-jest', browser: 27.9, node: 28.1 },
  { door: 'core/testing-node-test', browser: 27.9, node: 28 },
  { door: 'core/inspect', browser: 15.7, node: 14.9 },
  { door: 'core/debug', browser: 14.8, node: 14.1 },
  { door: 'sync', browser: 30.1, node: 29.1 },
  { door: 'sync/web', browser: 16, node: 15.1 },
  { door: 'io', node: 59.2 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 32.4 },
  { door: 'io/postgres-js', node: 32.4 },
  { door: 'io/redis', node: 20 },
  { door: 'io/otel', node: 19.7 },
  { door: 'io/fastify', node: 31.6 },
  { door: 'io/express', node: 31.4 },
  { door: 'io/inspect', node: 24.9 },
];

// What #context and #platform choose by. A browser's bundler sets neither `node` nor any other of them.
const TARGETS = {
  browser: { platform: 'browser' },
  node: { platform: 'node', conditions: ['node'] },
};

// What a bundler takes, and with the condition `production`.
const FOLDERS = { browser: 'explicit/', node: '' };
const PRODUCTION = { browser: 'production/explicit/', node: 'production/' };

export default LIMITS.flatMap(({ door, names, isProduction, without = [], ...limits }) =>
  Object.entries(limits).map(([target, limit]) => {
    const [folder, file = 'index'] = door.split('/');
    return {
      name: `${names ? `{ ${names.join(', ')} }` : '*'} of @ambit/${door}${isProduction ? ' (production)' : ''}, ${target}`,
      path: `packages/${folder}/dist/${(isProduction ? PRODUCTION : FOLDERS)[target]}${file}.js`,
      import: names ? `{ ${names.join(', ')} }` : '*',
      limit: `${limit} kB`,
      gzip: true,
      // What an app has anyway.
      ignore: without,
      modifyEsbuildConfig: (config) => ({ ...config, ...TARGETS[target], format: 'esm' }),
    };
  }),
);
