import { createUnplugin } from 'unplugin';
import { createFilter } from './filter.mjs';
import { transform } from './transform.mjs';

export { transform } from './transform.mjs';

/** The plugin of each bundler: `.vite(options)`, `.rollup()`, `.rolldown()`, `.webpack()`, `.rspack()`, `.esbuild()`. */
export const unplugin = createUnplugin((options = {}) => {
  const isIncluded = createFilter(options);
  return {
    name: 'unplugin-ambit',
    // After TypeScript and JSX are gone.
    enforce: 'post',
    transformInclude: isIncluded,
    transform(code, id) {
      return rewriteOf(code, id, (error) => this.warn(messageOf(id, error)));
    },
    vite: { config: () => ({ optimizeDeps: { exclude: ['@ambit/core', '@ambit/sync'] } }) },
    esbuild: { setup: (build) => setUp(build, isIncluded) },
  };
});

export default unplugin;

/** What cannot be parsed is told and left alone: the bundler has its own words for it. */
function rewriteOf(code, id, warn) {
  try {
    return transform(code, { id });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    warn(error);
    return undefined;
  }
}

function messageOf(id, { message }) {
  return `${id} cannot be parsed, so the ambient scope is lost after an \`await\` in it: ${message}`;
}

const LOADERS = { ts: 'ts', mts: 'ts', cts: 'ts', tsx: 'tsx', jsx: 'jsx' };

/** esbuild removes types and JSX itself, after its plugins: it does so here first. */
function setUp(build, isIncluded) {
  build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path, namespace }) => {
    if (namespace !== 'file' || !isIncluded(path)) return undefined;
    const { readFile } = await import('node:fs/promises');
    const source = await readFile(path, 'utf8');
    const { jsx, jsxImportSource, tsconfigRaw, jsxFactory, jsxFragment } = build.initialOptions;
    const loader = LOADERS[path.split('.').pop()] ?? 'js';
    const options = { loader, jsx, jsxImportSource, jsxFactory, jsxFragment, tsconfigRaw };
    const sourcemap = 'inline';
    const plain =
      loader === 'js'
        ? { code: source, warnings: [] }
        : await build.esbuild.transform(source, { ...options, sourcemap, sourcefile: path });
    const warnings = [...plain.warnings];
    const made = rewriteOf(plain.code, path, (error) =>
      warnings.push({ text: messageOf(path, error) }),
    );
    return { contents: withMap(made) ?? plain.code, loader: 'js', warnings };
  });
}

function withMap(made) {
  return made && `${made.code}\n//# sourceMappingURL=${made.map.toUrl()}`;
}
