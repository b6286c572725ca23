import { functionAround, nameOf } from './syntax.mjs';
import { hasAll, typeOf } from './types.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 */

/**
 * `new TaskGroup()`, under any imported name, and, with types, no other class of that name.
 *
 * @param {Node | null | undefined} node
 * @param {SourceCode} sourceCode
 */
export function isNewTaskGroup(node, sourceCode) {
  if (node?.type !== 'NewExpression') return false;
  return nameOf(node.callee, sourceCode) === 'TaskGroup' && mayBeTaskGroup(node, sourceCode);
}

/**
 * A new group, or with types anything that is a group, such as what a function of the program's own has made.
 *
 * @param {Node | null | undefined} node
 * @param {SourceCode} sourceCode
 */
export function isTaskGroup(node, sourceCode) {
  if (!node) return false;
  if (isNewTaskGroup(node, sourceCode)) return true;
  const type = typeOf(node, sourceCode);
  return type !== undefined && type.getSymbol()?.name === 'TaskGroup' && isGroupType(type);
}

/**
 * @param {Node} node
 * @param {SourceCode} sourceCode
 */
function mayBeTaskGroup(node, sourceCode) {
  const type = typeOf(node, sourceCode);
  return type === undefined || isGroupType(type);
}

/** @param {import('typescript').Type} type */
const isGroupType = (type) => hasAll(type, 'spawn', 'join', 'cancel');

/**
 * The name of the innermost group that code at this place could give work to.
 *
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {string | undefined}
 */
export function groupInReach(node, sourceCode) {
  for (let scope = /** @type {any} */ (sourceCode.getScope(node)); scope; scope = scope.upper) {
    for (const { name, defs } of scope.variables) {
      if (
        defs.some((/** @type {any} */ definition) =>
          isGroupDefinition(definition, node, sourceCode),
        )
      )
        return name;
    }
  }
  return undefined;
}

/** What calls its function with a group of its own. */
const GIVES_GROUP = new Set(['run', 'taskGroup', 'testRun', 'permute']);

/**
 * @param {any} definition
 * @param {Node} place
 * @param {SourceCode} sourceCode
 */
function isGroupDefinition({ type, name, node }, place, sourceCode) {
  if (type === 'Variable') {
    const isBefore = node.range[1] <= place.range[0];
    return isBefore && node.id === name && isNewTaskGroup(node.init, sourceCode);
  }
  if (type !== 'Parameter') return false;
  if (name.typeAnnotation?.typeAnnotation.typeName?.name === 'TaskGroup') return true;
  const around = functionAround(name);
  const call = around?.parent;
  return (
    call?.type === 'CallExpression' &&
    call.arguments[0] === around &&
    /** @type {any} */ (around).params[0] === name &&
    GIVES_GROUP.has(nameOf(call.callee, sourceCode) ?? '')
  );
}
