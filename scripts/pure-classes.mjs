// A class with a static block, or with a static field that is made by a call, does something when it is read: no bundler may leave
// it out, though no code needs it. Nothing but the class itself changes, so it is made by a call that they may leave out.
import MagicString from 'magic-string';

/** A plugin for rollup, after those that leave JavaScript. */
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
