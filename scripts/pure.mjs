// What is marked so that bundlers may leave it out, though it does something when it is read.
import MagicString from 'magic-string';

/**
 * A plugin for rollup, after those that leave JavaScript. A class with a static block, or with a static field that is made by a
 * call, does something when it is read, but nothing changes by it except the class itself: it is made by a call with a mark.
 */
export const pureClasses = {
  name: 'pure-classes',
  transform(code) {
    const text = new MagicString(code);
    for (const node of this.parse(code).body) {
      const declared = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
      if (declared?.type === 'ClassDeclaration' && declared.body.body.some(isAtWork)) {
        const { name } = declared.id;
        text.appendRight(declared.start, `const ${name} = /* @__PURE__ */ (() => { `);
        text.appendLeft(declared.end, ` return ${name}; })();`);
      }
    }
    if (!text.hasChanged()) return undefined;
    return { code: text.toString(), map: text.generateMap({ hires: 'boundary' }) };
  },
};

function isAtWork({ type, static: isStatic, value }) {
  if (type === 'StaticBlock') return true;
  return type === 'PropertyDefinition' && isStatic && value !== null && value.type !== 'Literal';
}

const INSTALL = /^(?:shared\.)?installDebugTools\(\);$/m;

/**
 * A plugin for rollup, for copies that Node reads: there the main door installs the debug tools itself, since each file more would
 * delay its start. Programs have them; bundles have what they import.
 */
export const pureTools = {
  name: 'pure-tools',
  renderChunk(code, { name, moduleIds }) {
    if (!moduleIds.some((id) => id.endsWith('with-debug-tools.ts'))) return undefined;
    if (!INSTALL.test(code)) throw new Error(`${name}: no call of installDebugTools`);
    return { code: code.replace(INSTALL, (call) => `/* @__PURE__ */ ${call}`), map: null };
  },
};
