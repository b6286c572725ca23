/**
 * What the rules ask about the tree and its names, without types.
 *
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.Expression} Expression
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 * @typedef {import('@typescript-eslint/utils').TSESLint.Scope.Variable} Variable
 */

const FUNCTIONS = new Set([
  'ArrowFunctionExpression',
  'FunctionDeclaration',
  'FunctionExpression',
  'StaticBlock',
  'PropertyDefinition',
]);

const LOOPS = new Set([
  'DoWhileStatement',
  'ForInStatement',
  'ForOfStatement',
  'ForStatement',
  'WhileStatement',
]);

/** @param {Node} node */
export const isFunction = (node) => FUNCTIONS.has(node.type);

/** @param {Node} node */
export const isLoop = (node) => LOOPS.has(node.type);

/**
 * The innermost function around a node, or undefined at the top of a module.
 *
 * @param {Node} node
 * @returns {Node | undefined}
 */
export function functionAround(node) {
  let around = node.parent;
  while (around && !isFunction(around)) around = around.parent;
  // ESLint's tree ends with null.
  return around ?? undefined;
}

/**
 * Is `await` allowed here?
 *
 * @param {Node} node
 */
export function mayAwait(node) {
  const around = functionAround(node);
  return around === undefined || ('async' in around && around.async);
}

/**
 * The node and all below it, in order, without what is inside other functions: that runs at another time.
 *
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {Generator<Node, void>}
 */
export function* ownNodes(node, sourceCode) {
  yield node;
  for (const key of sourceCode.visitorKeys[node.type] ?? []) {
    for (const child of [/** @type {any} */ (node)[key]].flat()) {
      if (child && !isFunction(child)) yield* ownNodes(child, sourceCode);
    }
  }
}

/**
 * An expression without the wrappers that say nothing about what it does.
 *
 * @param {Node} node
 * @returns {Node}
 */
export function bare(node) {
  switch (node.type) {
    case 'ChainExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
      return bare(node.expression);
    default:
      return node;
  }
}

/**
 * The name of a property that is written out: `a.b`, `a['b']`, `a.#b`.
 *
 * @param {Node} node
 * @returns {string | undefined}
 */
export function propertyName(node) {
  if (node.type !== 'MemberExpression') return undefined;
  const { computed, property } = node;
  if (!computed && 'name' in property) return property.name;
  return property.type === 'Literal' ? String(property.value) : undefined;
}

/**
 * @param {Node} identifier
 * @param {SourceCode} sourceCode
 * @returns {Variable | undefined}
 */
export function variableOf(identifier, sourceCode) {
  if (identifier.type !== 'Identifier') return undefined;
  for (
    let scope = /** @type {any} */ (sourceCode.getScope(identifier));
    scope;
    scope = scope.upper
  ) {
    const variable = scope.set.get(identifier.name);
    if (variable) return variable;
  }
  return undefined;
}

/**
 * The name that a callee has where it comes from: `TaskGroup` also for `import { TaskGroup as Group }` and `core.TaskGroup`.
 *
 * @param {Node} callee
 * @param {SourceCode} sourceCode
 * @returns {string | undefined}
 */
export function nameOf(callee, sourceCode) {
  if (callee.type !== 'Identifier') return propertyName(callee);
  return importOf(callee, sourceCode)?.name ?? callee.name;
}

/**
 * What an imported name is, and of which module; undefined for what is not imported.
 *
 * @param {Node} node - `name`, or `namespace.name`
 * @param {SourceCode} sourceCode
 * @returns {{ name: string | undefined, module: string } | undefined}
 */
export function importOf(node, sourceCode) {
  if (node.type === 'MemberExpression') {
    const namespace = importOf(node.object, sourceCode);
    return namespace?.name === '*'
      ? { name: propertyName(node), module: namespace.module }
      : undefined;
  }
  const definition = /** @type {any} */ (variableOf(node, sourceCode)?.defs[0]);
  if (definition?.type === 'ImportBinding') {
    const { imported } = definition.node;
    return {
      name: imported ? (imported.name ?? imported.value) : '*',
      module: definition.parent.source.value,
    };
  }
  return definition?.type === 'Variable' ? requiredOf(definition) : undefined;
}

/**
 * `const { name } = require('module')` and `const namespace = require('module')`.
 *
 * @param {any} definition
 */
function requiredOf({ name: local, node: { id, init } }) {
  if (init?.type !== 'CallExpression' || init.callee.name !== 'require') return undefined;
  const module = init.arguments[0]?.value;
  if (typeof module !== 'string') return undefined;
  if (id.type === 'Identifier') return { name: '*', module };
  if (id.type !== 'ObjectPattern') return undefined;
  const property = id.properties.find((/** @type {any} */ { value }) => value === local);
  return { name: property?.key.name, module };
}
