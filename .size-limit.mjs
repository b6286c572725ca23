// npm run size: what an import costs, bundled, minified and compressed (gzip), dependencies included.
// The limits are today's sizes and a few percent more: lower one when its size goes down, and say in the commit why one goes up.

/** In kB (1000 bytes): for a browser and for Node, which have parts of their own. */
const LIMITS = [
  // What a program begins with. The aim is 7 KiB, 7.2 kB.
  {
    door: 'core',
    names: ['run', 'taskGroup', 'timeout', 'sleep', 'gather'],
    browser: 15.2,
    node: 15.7,
  },
  { door: 'core', browser: 19.3, node: 19.7 },
  { door: 'core/abort', browser: 14.2, node: 16.5 },
  { door: 'core/iter', browser: 15.1, node: 15.2 },
  { door: 'core/lowlevel', browser: 8.4, node: 8.5 },
  { door: 'core/testing', browser: 16.7, node: 17.1 },
  { door: 'sync', browser: 20, node: 20.1 },
  { door: 'io', node: 40.4 },
];

// What #context and #platform choose by. A browser's bundler sets neither `node` nor any other of them.
const TARGETS = {
  browser: { platform: 'browser' },
  node: { platform: 'node', conditions: ['node'] },
};

export default LIMITS.flatMap(({ door, names, ...limits }) =>
  Object.entries(limits).map(([target, limit]) => {
    const [folder, file = 'index'] = door.split('/');
    return {
      name: `${names ? `{ ${names.join(', ')} }` : '*'} of @ambit/${door}, ${target}`,
      path: `packages/${folder}/dist/${file}.js`,
      import: names ? `{ ${names.join(', ')} }` : '*',
      limit: `${limit} kB`,
      gzip: true,
      modifyEsbuildConfig: (config) => ({ ...config, ...TARGETS[target], format: 'esm' }),
    };
  }),
);
