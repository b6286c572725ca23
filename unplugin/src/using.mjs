// `using` and `await using` in a block that waits: what they dispose is disposed in the frame.
import { isUsing } from './syntax.mjs';

/** What goes before and after the statements, if there is a `using` among them. */
export function usingIn({ names, caught }, statements) {
  const declarations = statements.filter(isUsing);
  if (declarations.length === 0) return undefined;
  const { door, call, used, caught: error } = names;
  const release = declarations.some(({ kind }) => kind === 'await using')
    ? `${door}.back(${call}, await ${door}.leave(${call}, ${door}.releaseAsync(${used})));`
    : `${door}.release(${used});`;
  return {
    head: `const ${used} = ${door}.stack(); try { `,
    end: ` } catch (${error}) {${caught}${door}.fail(${used}, ${error}); } finally {${caught}${release} }`,
  };
}

/** `using x = value` as `const x = $ambit.use($used, value)`. */
export function lowerUsing(rewrite, node, within) {
  const { door, used } = rewrite.names;
  const kind = node.kind === 'using' ? 'sync' : 'async';
  rewrite.text.update(node.start, node.declarations[0].start, 'const ');
  for (const { init } of node.declarations) {
    rewrite.insert(init.start, `${door}.use(${used}, `);
    rewrite.visit(init, within);
    rewrite.insert(init.end, `, '${kind}')`);
  }
}
