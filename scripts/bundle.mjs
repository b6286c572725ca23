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
import { doorsOf, FOLLOWING, SHORTENED } from './doors.mjs';
import { shortener } from './production.mjs';
import { pureClasses } from './pure-classes.mjs';
import { readJson } from './setup.mjs';

/** Writes a package's `dist`: the code from its sources, the declarations from those that tsc has written into `build`. */
export async function bundle(folder) {
  const dist = join(folder, 'dist');
  // A second of slack: some file systems have no finer times.
  const begun = Date.now() - 1000;
  const isFollowing = FOLLOWING.includes(basename(folder));
  const follow = follower(folder);
  await emitCode({ folder, dist }, [transpiler]);
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

/** The code of a package, by these plugins: as ES modules, and below as CommonJS unless only bundlers will read it. */
async function emitCode({ folder, dist, isForBundlers = false }, plugins) {
  const manifest = readJson(join(folder, 'package.json'));
  const { parts, hosts } = partsOf(manifest.imports ?? {});
  const sources = doorsOf(folder).map((door) => [door, join(folder, `src/${door}.ts`)]);
  for (const [name, [source]] of parts) sources.push([name, join(folder, source)]);
  const banner = plugins.length > 1 ? MARK : undefined;
  const target = { dist, banner, isForBundlers };
  const modulesIn = isForBundlers ? join(folder, 'src') : undefined;
  const together = await emit({ ...target, modulesIn }, Object.fromEntries(sources), plugins);
  for (const [name, each] of hosts) {
    const modules = each.map((source) => join(folder, source));
    const host = await emit(target, { [name]: HOST }, [joined(modules), plugins[0]]);
    expectApart(together, host);
  }
  if (basename(dist) !== 'dist')
    writeFileSync(join(dist, 'package.json'), manifestOf('module', manifest));
  if (!isForBundlers)
    writeFileSync(join(dist, 'cjs/package.json'), manifestOf('commonjs', manifest));
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

/**
 * What is reached at run time in another way than from the doors, and is in package.json's `imports` therefore: the parts,
 * and for each kind of runtime what its `hosts` file loads.
 */
function partsOf(imports) {
  const [parts, hosts] = [new Map(), new Map()];
  for (const { '@ambit/source': sources, ...built } of Object.values(imports)) {
    const isChosen = typeof sources === 'object';
    for (const [condition, file] of Object.entries(built)) {
      const name = file.slice('./dist/'.length, -'.js'.length);
      const group = isChosen ? hosts : parts;
      group.set(name, (group.get(name) ?? new Set()).add(isChosen ? sources[condition] : sources));
    }
  }
  const listed = (group) => [...group].map(([name, each]) => [name, [...each]]);
  return { parts: listed(parts), hosts: listed(hosts) };
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
 * in them. `modulesIn`: a file for each module in there. A bundler leaves out a file that no code needs, and keeps parts of
 * files with several modules.
 */
async function emit({ dist, banner, isForBundlers, modulesIn }, input, plugins) {
  const bundled = await rollup({
    input,
    plugins: isForBundlers ? plugins : [...plugins, pureClasses],
    external: isOther,
    onLog: fail,
  });
  const files = modulesIn
    ? { preserveModules: true, preserveModulesRoot: modulesIn }
    : { manualChunks: inSeveral };
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
  if (ALONE.has(basename(id, '.ts'))) return basename(id, '.ts');
  return entries.length > 1 && !entries.includes(id) ? 'shared' : undefined;
}

/** Modules that are imported for what they do: in a file with others, a bundler could not leave them out. */
const ALONE = new Set(['with-debug-tools']);

/** A host knows nothing of the rest: bundled apart, a module of both would be there twice, and its state too. */
function expectApart(modules, ofHost) {
  const twice = ofHost.filter((module) => modules.includes(module));
  if (twice.length > 0) throw new Error(`${twice.join(', ')}: imported by #… and by the doors`);
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

const HOST = '\0host';

/** A module that exports what each of the others does. */
function joined(modules) {
  const code = modules.map((module) => `export * from ${JSON.stringify(module)};`).join('\n');
  return {
    name: 'joined',
    resolveId: (id) => (id === HOST ? id : undefined),
    load: (id) => (id === HOST ? code : undefined),
  };
}

/**
 * A package.json is a border for `#imports`: what is in a directory with its own imports by such a name is looked up there.
 * It gets the package's own map, less the sources, which no import reaches from there. Bundlers look there for `sideEffects`, too.
 */
function manifestOf(type, { imports = {}, sideEffects }) {
  const files = sideEffects && sideEffects.filter((file) => /^\.\/dist\/[^/]+$/.test(file));
  const text = JSON.stringify({ type, sideEffects: files, imports }, withoutSources, 2);
  return `${text.replaceAll('"./dist/', '"./')}\n`;
}

function withoutSources(key, value) {
  return key === '@ambit/source' ? undefined : value;
}
