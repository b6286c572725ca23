// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.6,
    node: 21.9,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 19.5,
    node: 20.2,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 11.1, node: 10.5 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 10.4, node: 10.1 },
  { door: 'core', browser: 34.8, node: 34.8 },
  { door: 'core/abort', browser: 22.4, node: 23.7 },
  { door: 'core/actions', browser: 22.5, node: 21.7 },
  { door: 'core/react', browser: 22.5, without: ['react'] },
  { door: 'core/vue', browser: 22.2, without: ['vue'] },
  { door: 'core/svelte', browser: 21.8, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.3, node: 17.4 },
  { door: 'core/iter', browser: 24.9, node: 23.9 },
  { door: 'core/lowlevel', browser: 15.3, node: 14.7 },
  { door: 'core/testing', browser: 31.1, node: 31.2 },
  { door: 'core/testing-vitest', browser: 26.9, node: 27.2 },
  { door: 'core/testing-jest', browser: 27, node: 27.3 },
  { door: 'core/testing-node-test', browser: 27, node: 27.2 },
  { door: 'core/inspect', browser: 14.4, node: 13.8 },
  { door: 'core/debug', browser: 12.9, node: 12.5 },
  { door: 'sync', browser: 30.6, node: 29.8 },
  { door: 'sync/web', browser: 16.4, node: 15.6 },
  { door: 'io', node: 60.2 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 33.3 },
  { door: 'io/postgres-js', node: 33.2 },
  { door: 'io/redis', node: 20.7 },
  { door: 'io/otel', node: 20.4 },
  { door: 'io/fastify', node: 32.4 },
  { door: 'io/express', node: 32.2 },
  { door: 'io/inspect', node: 25.8 },
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
