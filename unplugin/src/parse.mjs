import { parse as parseAs } from 'acorn';

const COMMON = { ecmaVersion: 'latest', allowHashBang: true, preserveParens: true };
const MODULE = { ...COMMON, sourceType: 'module' };
const SCRIPT = {
  ...COMMON,
  sourceType: 'script',
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
};

/** The tree of a module, a CommonJS module or a script, and how that imports another: `import` or `require`. */
export function parse(code, id) {
  if (/\.cjs(?:\?|$)/.test(id)) return { tree: parseAs(code, SCRIPT), imports: 'require' };
  try {
    const tree = parseAs(code, { ...MODULE, allowReturnOutsideFunction: true });
    return { tree, imports: looksCommonJs(tree, code) ? 'require' : 'import' };
  } catch (error) {
    // What is only allowed in sloppy code is no module.
    try {
      return { tree: parseAs(code, SCRIPT), imports: 'require' };
    } catch {
      throw error;
    }
  }
}

function looksCommonJs(tree, code) {
  if (tree.body.some(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type))) return false;
  return /\b(?:require\s*\(|module\.exports\b|exports\.)/.test(code);
}
