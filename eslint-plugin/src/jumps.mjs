/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.BreakStatement} BreakStatement
 * @typedef {BreakStatement | import('@typescript-eslint/utils').TSESTree.ContinueStatement} Jump
 */

/**
 * Where a jump goes: the loop, switch or labelled statement. undefined: out of the function.
 *
 * @param {Node} node
 * @returns {Node | undefined}
 */
export function targetOf(node) {
  if (node.type !== 'BreakStatement' && node.type !== 'ContinueStatement') return undefined;
  let around = node.parent;
  while (around && !isTarget(around, node)) around = /** @type {any} */ (around.parent);
  return around;
}

/**
 * @param {Node} around
 * @param {Jump} jump
 */
function isTarget(around, { type, label }) {
  if (label) return around.type === 'LabeledStatement' && around.label.name === label.name;
  if (around.type === 'SwitchStatement') return type === 'BreakStatement';
  return /^(DoWhile|For|ForIn|ForOf|While)Statement$/.test(around.type);
}
