// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.6,
    node: 21.8,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 20,
    node: 20.6,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 12.4, node: 11.7 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 11.6, node: 11.3 },
  { door: 'core', browser: 34, node: 33.9 },
  { door: 'core/abort', browser: 22.4, node: 23.6 },
  { door: 'core/actions', browser: 22.5, node: 21.6 },
  { door: 'core/react', browser: 22.5, without: ['react'] },
  { door: 'core/vue', browser: 22.2, without: ['vue'] },
  { door: 'core/svelte', browser: 21.8, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 19.5, node: 18.5 },
  { door: 'core/iter', browser: 24.9, node: 23.8 },
  { door: 'core/lowlevel', browser: 16.4, node: 15.7 },
  { door: 'core/testing', browser: 31.6, node: 31.7 },
  { door: 'core/testing-vitest', browser: 27.5, node: 27.6 },
  { door: 'core/testing-jest', browser: 27.5, node: 27.7 },
  { door: 'core/testing-node-test', browser: 27.5, node: 27.6 },
  { door: 'core/inspect', browser: 15.6, node: 15 },
  { door: 'core/debug', browser: 14.6, node: 14.1 },
  { door: 'sync', browser: 30.1, node: 29.2 },
  { door: 'sync/web', browser: 16, node: 15.2 },
  { door: 'io', node: 58.7 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 32.1 },
  { door: 'io/postgres-js', node: 32.1 },
  { door: 'io/redis', node: 20.1 },
  { door: 'io/otel', node: 19.9 },
  { door: 'io/fastify', node: 31.2 },
  { door: 'io/express', node: 31 },
  { door: 'io/inspect', node: 25.1 },
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
