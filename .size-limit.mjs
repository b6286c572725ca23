// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 21.9,
    node: 22.3,
  },
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    isProduction: true,
    browser: 19.8,
    node: 20.5,
  },
  { door: 'core', names: ['sleep', 'timeout'], browser: 11.4, node: 10.8 },
  { door: 'core', names: ['sleep', 'timeout'], isProduction: true, browser: 10.6, node: 10.4 },
  { door: 'core', browser: 35.5, node: 35.5 },
  { door: 'core/abort', browser: 22.8, node: 24.2 },
  { door: 'core/actions', browser: 22.9, node: 22.1 },
  { door: 'core/react', browser: 22.9, without: ['react'] },
  { door: 'core/vue', browser: 22.6, without: ['vue'] },
  { door: 'core/svelte', browser: 22.2, without: ['svelte', 'svelte/reactivity'] },
  { door: 'core/web', browser: 18.5, node: 17.6 },
  { door: 'core/iter', browser: 25.3, node: 24.2 },
  { door: 'core/lowlevel', browser: 15.5, node: 14.9 },
  { door: 'core/testing', browser: 31.8, node: 32 },
  { door: 'core/testing-vitest', browser: 27.3, node: 27.6 },
  { door: 'core/testing-jest', browser: 27.4, node: 27.7 },
  { door: 'core/testing-node-test', browser: 27.3, node: 27.6 },
  { door: 'core/inspect', browser: 14.5, node: 14 },
  { door: 'core/debug', browser: 13.2, node: 12.7 },
  { door: 'sync', browser: 30.9, node: 30.1 },
  { door: 'sync/web', browser: 16.6, node: 15.8 },
  { door: 'io', node: 61.5 },
  // Handles that a group can adopt have a method under a symbol, and bundlers keep such a class.
  { door: 'io/pg', node: 33.7 },
  { door: 'io/postgres-js', node: 33.7 },
  { door: 'io/redis', node: 21 },
  { door: 'io/otel', node: 20.7 },
  { door: 'io/fastify', node: 33.1 },
  { door: 'io/express', node: 32.9 },
  { door: 'io/inspect', node: 26.2 },
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
