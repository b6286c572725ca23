// What a package has for each kind of runtime. package.json's `imports` says which sources a name means, such as `#platform`;
// a copy for one kind of runtime has them inside, and in the others a file of `host` is found by `imports`.
import { join } from 'node:path';

const HOST = '\0host';

/**
 * What is reached at run time in another way than from the doors, and is in package.json's `imports` therefore: the parts,
 * and for each kind of runtime what its `hosts` file loads.
 */
export function partsOf({ imports = {} }) {
  const [parts, hosts] = [new Map(), new Map()];
  for (const { '@ambit/source': sources, ...built } of Object.values(imports)) {
    const isChosen = typeof sources === 'object';
    for (const [condition, file] of Object.entries(built)) {
      const name = file.slice(file.lastIndexOf(isChosen ? '/host/' : '/') + 1, -'.js'.length);
      const group = isChosen ? hosts : parts;
      group.set(name, (group.get(name) ?? new Set()).add(isChosen ? sources[condition] : sources));
    }
  }
  const listed = (group) => [...group].map(([name, each]) => [name, [...each]]);
  return { parts: listed(parts), hosts: listed(hosts) };
}

/** A plugin for rollup that puts in what package.json has for a kind of runtime. */
export function hostOf(folder, { imports = {} }, condition) {
  const sourceOf = (id) => imports[id]?.['@ambit/source'][condition];
  return {
    name: 'host',
    knows: (id) => sourceOf(id) !== undefined,
    resolveId: (id) => sourceOf(id) && join(folder, sourceOf(id)),
  };
}

/** An entry for rollup, and the plugin for it: a module that exports what each of the others does. */
export function joined(modules) {
  const code = modules.map((module) => `export * from ${JSON.stringify(module)};`).join('\n');
  const plugin = {
    name: 'joined',
    resolveId: (id) => (id === HOST ? id : undefined),
    load: (id) => (id === HOST ? code : undefined),
  };
  return [HOST, plugin];
}

/** A host knows nothing of the rest: bundled apart, a module of both would be there twice, and its state too. */
export function expectApart(modules, ofHost) {
  const twice = ofHost.filter((module) => modules.includes(module));
  if (twice.length > 0) throw new Error(`${twice.join(', ')}: imported by #… and by the doors`);
}

/**
 * A package.json is a border for `#imports`: what is in a directory with its own imports by such a name is looked up there.
 * It gets the package's own map, less the sources, which no import reaches from there. Bundlers look there for `sideEffects`, too.
 */
export function manifestOf(type, { imports = {}, sideEffects }, host) {
  const isReached = ([, { '@ambit/source': source }]) => !host || typeof source === 'string';
  const reached = Object.fromEntries(Object.entries(imports).filter(isReached));
  const files = sideEffects && sideEffects.filter((file) => /^\.\/dist\/[^/]+$/.test(file));
  const text = JSON.stringify({ type, sideEffects: files, imports: reached }, withoutSources, 2);
  return `${text.replaceAll(/"\.\/dist\/(?:explicit\/)?/g, '"./')}\n`;
}

function withoutSources(key, value) {
  return key === '@ambit/source' ? undefined : value;
}
