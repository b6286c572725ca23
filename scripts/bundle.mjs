// Makes what is published of a package: few files, because each that a program has to find and read delays its start. The
// doors are bundled together, for they share their state: what several of them need is in one file, `shared.js`.
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';
import { MARK, transform as follow } from '../unplugin/src/transform.mjs';
import { BY_RUNTIME, doorsOf, FOLLOWING, SHORTENED } from './doors.mjs';
import { expectApart, hostOf, joined, manifestOf, partsOf } from './hosts.mjs';
import { shortener } from './production.mjs';
import { pureClasses, pureTools } from './pure.mjs';
import { readJson } from './setup.mjs';

/** Writes a package's `dist`: the code from its sources, the declarations from those that tsc has written into `build`. */
export async function bundle(folder) {
  const dist = join(folder, 'dist');
  // A second of slack: some file systems have no finer times.
  const begun = Date.now() - 1000;
  const isFollowing = FOLLOWING.includes(basename(folder));
  const follow = follower(folder);
  await emitCode({ folder, dist, host: 'node' }, [transpiler]);
  if (BY_RUNTIME.includes(basename(folder)))
    await emitCode({ folder, dist: join(dist, 'workerd'), host: 'workerd' }, [transpiler]);
  if (isFollowing) await emitCode({ folder, dist: join(dist, 'explicit') }, [transpiler, follow]);
  if (SHORTENED.includes(basename(folder))) {
    const [short, production] = [shortener(folder, compiled), join(dist, 'production')];
    await emitCode({ folder, dist: production, isForBundlers: true }, [short]);
    const explicit = join(production, 'explicit');
    await emitCode({ folder, dist: explicit, isForBundlers: true }, [short, follow]);
  }
  const doors = doorsOf(folder).map((door) => [door, join(folder, `build/${door}.d.ts`)]);
  await emitTypes(dist, Object.fromEntries(doors));
  removeOlder(dist, begun);
}

/**
 * The code of a package, by these plugins: as ES modules, and below as CommonJS unless only bundlers will read it. `host`: the
 * condition of the runtimes that it is for, whose code it has; without it each finds that by package.json's `imports`.
 */
async function emitCode({ folder, dist, host, isForBundlers = false }, plugins) {
  const manifest = readJson(join(folder, 'package.json'));
  const { parts, hosts } = partsOf(manifest);
  const sources = doorsOf(folder).map((door) => [door, join(folder, `src/${door}.ts`)]);
  for (const [name, [source]] of parts)
    if (!ALONE.has(name)) sources.push([name, join(folder, source)]);
  const banner = plugins.length > 1 ? MARK : undefined;
  const target = { dist, banner, isForBundlers };
  const files = isForBundlers
    ? { preserveModules: true, preserveModulesRoot: join(folder, 'src') }
    : { manualChunks: host ? inSeveral : apart };
  const all = host ? [hostOf(folder, manifest, host), pureTools, ...plugins] : plugins;
  const together = await emit({ ...target, files }, Object.fromEntries(sources), all);
  for (const [name, [source]] of parts.filter(([part]) => ALONE.has(part))) {
    const alone = [insideOf(folder, ALONE.get(name)), ...plugins];
    await emit(target, { [name]: join(folder, source) }, alone);
  }
  for (const [name, each] of host === undefined ? hosts : []) {
    const [entry, joining] = joined(each.map((source) => join(folder, source)));
    expectApart(together, await emit(target, { [name]: entry }, [joining, plugins[0]]));
  }
  if (basename(dist) !== 'dist')
    writeFileSync(join(dist, 'package.json'), manifestOf('module', manifest, host));
  if (!isForBundlers)
    writeFileSync(join(dist, 'cjs/package.json'), manifestOf('commonjs', manifest, host));
}

/**
 * Parts that are a file of their own, with no import but Node's, and what they have inside of another package's: only what has no state,
 * since that package may come to the same thread.
 */
const ALONE = new Map([
  ['worker-main', { '@ambit/core/lowlevel': '../core/src/internal/error-codec.ts' }],
]);

function insideOf(folder, sources) {
  return {
    name: 'inside',
    knows: (id) => sources[id] !== undefined,
    resolveId: (id) => sources[id] && join(folder, sources[id]),
  };
}

/** By which the scope follows the awaits of the package's own functions; what does that itself is left alone. */
function follower(folder) {
  const own = join(folder, 'src/ambient.ts');
  const door = basename(folder) === 'core' ? own : '@ambit/core/ambient';
  return {
    name: 'follower',
    transform(code, id) {
      if (id === own || /[\\/]loop[\\/](?:follow|slot)/.test(id)) return undefined;
      const options = { door, isOwn: true };
      return follow(code, { id: `${id.split('.').slice(0, -1).join('.')}.mjs`, ...options });
    },
  };
}

/** Last, and only what is of no use any more: programs may be using what was built before. */
function removeOlder(folder, instant) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && statSync(path).mtimeMs < instant) rmSync(path);
  }
}

const COMMON = {
  sourcemap: true,
  sourcemapExcludeSources: true,
  minifyInternalExports: false,
  hoistTransitiveImports: false,
  generatedCode: 'es2015',
  chunkFileNames: '[name].js',
};

/**
 * Writes the files as ES modules, and as CommonJS unless only bundlers will read them; returns the names of the modules that are
 * in them. `files`: which modules share one. A bundler leaves out a file that no code needs, and keeps parts of files with several
 * modules.
 */
async function emit({ dist, banner, isForBundlers, files }, input, plugins) {
  const bundled = await rollup({
    input,
    plugins: isForBundlers ? plugins : [...plugins, pureClasses],
    external: (id) => isOther(id) && !plugins.some(({ knows }) => knows?.(id)),
    onLog: fail,
  });
  const options = { ...COMMON, banner, ...files };
  await bundled.write({ ...options, dir: dist, format: 'es' });
  if (isForBundlers) return bundled.watchFiles;
  await bundled.write({
    ...options,
    dir: join(dist, 'cjs'),
    format: 'cjs',
    esModule: true,
    // A module whose name is known only then is used as it is: rollup's copy lacks what a class inherits.
    interop: (id) => (id === null ? 'esModule' : 'auto'),
    // Jest's CommonJS cannot import.
    dynamicImportInCjs: false,
  });
  return bundled.watchFiles;
}

async function emitTypes(dist, input) {
  const plugins = [dts({ sourcemap: true })];
  const bundled = await rollup({ input, plugins, external: isOther, onLog: fail });
  const options = { ...COMMON, entryFileNames: '[name].d.ts', chunkFileNames: '[name].d.ts' };
  for (const dir of [dist, join(dist, 'cjs')]) {
    const { output } = await bundled.write({
      ...options,
      manualChunks: inSeveral,
      format: 'es',
      dir,
    });
    const isByRuntime = output.some(({ imports = [] }) => imports.some((id) => id.startsWith('#')));
    if (isByRuntime) throw new Error(`${dir}: declarations import #…, which has none`);
  }
}

/** Another package, a module of Node, or what this one imports by runtime. */
function isOther(id) {
  return !/^[./]|^[A-Z]:|^\0/.test(id);
}

function fail(_level, { message }) {
  // What a signature names and no door exports is noted in the API reports.
  if (!message.includes('references private shared type exports')) throw new Error(message);
}

/** The file of a module that several doors need: `shared` if a door that programs start with needs it, or `others`. */
function inSeveral(id, { getModuleInfo }) {
  const seen = new Set();
  const entries = [];
  const visit = (module) => {
    if (seen.has(module)) return;
    seen.add(module);
    const { isEntry, importers } = getModuleInfo(module);
    if (isEntry) entries.push(module);
    importers.forEach(visit);
  };
  visit(id);
  if (entries.length < 2 || entries.includes(id)) return undefined;
  return entries.some(isFirst) ? 'shared' : 'others';
}

/** What a package imports at its start, or the packages that need it. */
const isFirst = (entry) => /^(?:index|lowlevel)[.]/.test(basename(entry));

/** As above, less a module that is imported for what it does: in a file with others, a bundler could not leave it out. */
function apart(id, graph) {
  return basename(id) === 'with-debug-tools.ts' ? 'with-debug-tools' : inSeveral(id, graph);
}

const transpiler = {
  name: 'transpiler',
  load: async (id) => {
    if (!id.endsWith('.ts')) return undefined;
    return compiled(id, await readFile(id, 'utf8'));
  },
};

function compiled(id, code, options = {}) {
  return transform(blank(code), {
    loader: 'ts',
    sourcefile: id,
    sourcemap: true,
    target: 'es2023',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    ...options,
  });
}

/**
 * The code with spaces for comments, since without them it is read faster. Those stay by which bundlers know what may be dropped.
 */
function blank(code) {
  const file = ts.createSourceFile('', code, ts.ScriptTarget.ESNext);
  let text = '';
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file);
    children.forEach(visit);
    if (children.length > 0) return;
    const between = code.slice(node.getFullStart(), node.getStart(file));
    text += between.includes('__PURE__') ? between : between.replaceAll(/\S/g, ' ');
    text += code.slice(node.getStart(file), node.end);
  };
  visit(file);
  return text;
}
