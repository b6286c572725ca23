import MagicString from 'magic-string';
import { parse } from './parse.mjs';
import { Rewrite } from './rewrite.mjs';
import { directivesOf, findWaits } from './syntax.mjs';

const DOOR = '@ambit/core/ambient';
/** At the start of a bundle of which the modules were rewritten. */
export const MARK = '// Rewritten by unplugin-ambit.';

const CONCERNED =
  /\b(?:await|yield|then|catch|finally|setTimeout|setInterval|queueMicrotask|requestAnimationFrame|requestIdleCallback|(?:add|remove)EventListener)\b/;

/**
 * Rewrites JavaScript so that the ambient scope of Ambit follows `await` where the runtime has no AsyncLocalStorage.
 *
 * @param {string} code a module, a CommonJS module or a script, without types and JSX
 * @param {{ id?: string; sourcemap?: boolean; door?: string; isOwn?: boolean }} [options] `id`: the file, for the source map and by its
 * end; `door`: what the rewritten code imports; `isOwn`: the code is Ambit's, not the program's
 * @returns {{ code: string; map: import('magic-string').SourceMap | null } | undefined} undefined if there is nothing to rewrite
 */
export function transform(code, { id = '', sourcemap = true, door = DOOR, isOwn = false } = {}) {
  if (!CONCERNED.test(code) || code.startsWith(MARK)) return undefined;
  const { tree, imports } = parse(code, id);
  if (isRewritten(tree, door)) return undefined;
  const text = new MagicString(code);
  const names = { ...namesFor(code), open: isOwn ? 'enter' : 'open' };
  const rewrite = new Rewrite(text, names, findWaits(tree));
  rewrite.visit(tree, undefined);
  if (!rewrite.isChanged) return undefined;
  text.prependLeft(startOf(tree, code), headerOf(imports, names, door));
  const map = sourcemap
    ? text.generateMap({ source: id, includeContent: true, hires: 'boundary' })
    : null;
  return { code: text.toString(), map };
}

function headerOf(imports, { door: name }, door) {
  const from = JSON.stringify(door);
  return imports === 'import'
    ? `;import * as ${name} from ${from};`
    : `;const ${name} = require(${from});`;
}

/** After the directives, which must stay first, and after `#!`. */
function startOf(tree, code) {
  const last = directivesOf(tree.body).at(-1);
  if (last !== undefined) return last.end;
  return code.startsWith('#!') ? Math.max(code.indexOf('\n'), 0) + 1 : 0;
}

function isRewritten(tree, door) {
  return tree.body.some(({ type, source, declarations }) => {
    if (type === 'ImportDeclaration') return source.value === door;
    const init = type === 'VariableDeclaration' ? declarations[0]?.init : undefined;
    return init?.callee?.name === 'require' && init.arguments[0]?.value === door;
  });
}

/** Names that occur nowhere in the program. */
function namesFor(code) {
  const unused = (name) => (code.includes(name) ? unused(`${name}$`) : name);
  return {
    door: unused('$ambit'),
    call: unused('$call'),
    caught: unused('$caught'),
    used: unused('$used'),
    item: unused('$item'),
  };
}
