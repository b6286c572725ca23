// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.8,
    node: 22.2,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 19.7,
    node: 20.4,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 11.3, node: 10.7 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 10.5, node: 10.3 },
  { door: 'core', browser: 35.1, node: 35.1 },
  { door: 'core/abort', browser: 22.6, node: 24 },
  { door: 'core/actions', browser: 22.8, node: 21.9 },
  { door: 'core/react', browser: 22.8, without: ['react'] },
  { door: 'core/vue', browser: 22.4, without: ['vue'] },
  { door: 'core/svelte', browser: 22.1, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.5, node: 17.6 },
  { door: 'core/iter', browser: 25.1, node: 24.1 },
  { door: 'core/lowlevel', browser: 15.5, node: 14.9 },
  { door: 'core/testing', browser: 31.7, node: 31.8 },
  { door: 'core/testing-vitest', browser: 27.2, node: 27.5 },
  { door: 'core/testing-jest', browser: 27.3, node: 27.6 },
  { door: 'core/testing-node-test', browser: 27.2, node: 27.5 },
  { door: 'core/inspect', browser: 14.5, node: 13.9 },
  { door: 'core/debug', browser: 13.1, node: 12.6 },
  { door: 'sync', browser: 30.8, node: 30 },
  { door: 'sync/web', browser: 16.5, node: 15.7 },
  { door: 'io', node: 60.7 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 33.6 },
  { door: 'io/postgres-js', node: 33.5 },
  { door: 'io/redis', node: 20.9 },
  { door: 'io/otel', node: 20.6 },
  { door: 'io/fastify', node: 32.8 },
  { door: 'io/express', node: 32.6 },
  { door: 'io/inspect', node: 26.1 },
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
