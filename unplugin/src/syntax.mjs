// What the rewrite asks of a tree of acorn's.

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

export const isFunction = (node) => FUNCTIONS.has(node.type);

/** The children of a node, in the order of the source: insertions at one place must come in that order. */
export function childrenOf(node) {
  const children = Object.values(node).flat().filter(isNode);
  return children.sort((a, b) => a.start - b.start);
}

function isNode(value) {
  return typeof value?.type === 'string' && typeof value.start === 'number';
}

export const isUsing = (node) =>
  node?.type === 'VariableDeclaration' && node.kind.endsWith('using');
export const isForAwait = (node) => node.type === 'ForOfStatement' && node.await;

/** Which nodes contain a wait of the function around them. */
export function findWaits(tree) {
  const waits = new Set();
  const visit = (node, within) => {
    const inner = isFunction(node) ? node : within;
    let has = isWait(node, within);
    for (const child of childrenOf(node)) if (visit(child, inner)) has = true;
    if (has) waits.add(node);
    return has && !isFunction(node);
  };
  visit(tree, undefined);
  // A function waits if its body does.
  return { has: (node) => waits.has(isFunction(node) ? node.body : node) };
}

/** `return` with a value waits for it in an async generator. */
function isWait(node, within) {
  if (node.type === 'AwaitExpression' || node.type === 'YieldExpression') return true;
  if (node.type === 'ReturnStatement')
    return node.argument !== null && within?.async === true && within.generator;
  return isForAwait(node) || (isUsing(node) && node.kind === 'await using');
}

/** A loop together with its labels is one statement. */
export function unlabelled(node) {
  return node.type === 'LabeledStatement' ? unlabelled(node.body) : node;
}

/** The directives at the start of a body; what is inserted comes after them. */
export function directivesOf(statements) {
  return statements.filter((statement) => statement.directive !== undefined);
}

/** The names that `var` declares in a function, less those of the functions in it. */
export function varNames(node, names = new Set()) {
  if (isFunction(node)) return names;
  if (node.type === 'VariableDeclaration' && node.kind === 'var')
    for (const { id } of node.declarations) boundNames(id, names);
  for (const child of childrenOf(node)) varNames(child, names);
  return names;
}

function boundNames(pattern, names) {
  if (pattern.type === 'Identifier') names.add(pattern.name);
  else if (pattern.type === 'AssignmentPattern') boundNames(pattern.left, names);
  else if (pattern.type === 'Property') boundNames(pattern.value, names);
  else for (const child of childrenOf(pattern)) boundNames(child, names);
}
