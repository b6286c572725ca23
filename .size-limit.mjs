// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.5,
    node: 21.7,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 19.4,
    node: 20,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 11, node: 10.3 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 10.2, node: 9.9 },
  { door: 'core', browser: 34.6, node: 34.6 },
  { door: 'core/abort', browser: 22.3, node: 23.5 },
  { door: 'core/actions', browser: 22.4, node: 21.5 },
  { door: 'core/react', browser: 22.4, without: ['react'] },
  { door: 'core/vue', browser: 22.1, without: ['vue'] },
  { door: 'core/svelte', browser: 21.7, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.2, node: 17.2 },
  { door: 'core/iter', browser: 24.8, node: 23.7 },
  { door: 'core/lowlevel', browser: 15.1, node: 14.4 },
  { door: 'core/testing', browser: 31, node: 31.1 },
  { door: 'core/testing-vitest', browser: 26.8, node: 27 },
  { door: 'core/testing-jest', browser: 26.9, node: 27.1 },
  { door: 'core/testing-node-test', browser: 26.8, node: 27 },
  { door: 'core/inspect', browser: 14.2, node: 13.6 },
  { door: 'core/debug', browser: 12.8, node: 12.3 },
  { door: 'sync', browser: 30.4, node: 29.5 },
  { door: 'sync/web', browser: 16.2, node: 15.3 },
  { door: 'io', node: 59.8 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 33 },
  { door: 'io/postgres-js', node: 33 },
  { door: 'io/redis', node: 20.5 },
  { door: 'io/otel', node: 20.2 },
  { door: 'io/fastify', node: 32.2 },
  { door: 'io/express', node: 32 },
  { door: 'io/inspect', node: 25.5 },
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
