import { Buffer } from 'node:buffer';
import { basename, extname } from 'node:path';
import { createUnplugin } from 'unplugin';
import { createFilter } from './filter.mjs';
import { transform } from './transform.mjs';
import { byEsbuild, byRolldown, isTyped, joined } from './without-types.mjs';

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
    rolldown: {
      transform: {
        order: 'post',
        handler(code, id, meta) {
          const warn = (error) => this.warn(messageOf(id, error));
          return isIncluded(id) ? inRolldown({ code, id, meta, warn }) : undefined;
        },
      },
    },
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

const TYPES = new Set(['ts', 'tsx', 'jsx']);

async function inRolldown({ code, id, meta, warn }) {
  if (!TYPES.has(meta?.moduleType)) return rewriteOf(code, id, warn);
  const plain = await byRolldown(code, id);
  const made = rewriteOf(plain.code, id, warn);
  return made && { code: made.code, map: joined(made.map, plain.map), moduleType: 'js' };
}

function setUp(build, isIncluded) {
  build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path, namespace }) => {
    if (namespace !== 'file' || !isIncluded(path)) return undefined;
    const { readFile } = await import('node:fs/promises');
    const loader = build.initialOptions.loader?.[extname(path)] ?? 'js';
    const plain =
      isTyped(path) || loader !== 'js'
        ? await byEsbuild(build, path)
        : { code: await readFile(path, 'utf8'), warnings: [] };
    if (plain.errors !== undefined) return { errors: plain.errors };
    const warnings = [...plain.warnings];
    const made = rewriteOf(plain.code, basename(path), (error) =>
      warnings.push({ text: messageOf(path, error) }),
    );
    return { contents: contentsOf(made, plain), loader: 'js', warnings };
  });
}

/** With the way back to the file. */
function contentsOf(made, plain) {
  const maps = [made?.map, plain.map].filter((map) => map !== undefined);
  const { code } = made ?? plain;
  if (maps.length === 0) return code;
  const map = Buffer.from(JSON.stringify(joined(...maps))).toString('base64');
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${map}`;
}
