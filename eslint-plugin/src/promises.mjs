import { bare, importOf, nameOf, propertyName, variableOf } from './syntax.mjs';
import { isPromise, isThenable, typeOf } from './types.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 */

/** What gives a promise that is not a Task, of the names that the packages export. */
const WAITING = new Set(
  [
    'abortable any checkpoint concurrentForEach concurrentMap connectTcp connectUnix copy execute fetch forever gather',
    'gatherSettled join listenTcp listenUnix lookup moveOnAfter moveOnAt openFile openProcess park pipe race readFile',
    'retry run runProcess select serveHttp shield sleep sleepForever sleepUntil taskGroup testRun timeout timeoutAt',
    'toThread use wait waitFor waitForEvent writeFile yieldNow',
  ].flatMap((names) => names.split(' ')),
);

/**
 * Does this expression start something that gives a promise? By its type, where there are types; else only if the file
 * itself says so.
 *
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
export function startsPromise(node, sourceCode) {
  const type = typeOf(node, sourceCode);
  return type ? isPromise(type, sourceCode) : saysPromise(bare(node), sourceCode);
}

/**
 * Is, or may, the value of this expression be something to await, also a promise of another library?
 *
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
export function isAwaitable(node, sourceCode) {
  const type = typeOf(node, sourceCode);
  return type
    ? isThenable(type, sourceCode)
    : parts(node).some((part) => saysPromise(part, sourceCode));
}

/**
 * The expressions one of which is the value of this one.
 *
 * @param {Node} node
 * @returns {Node[]}
 */
function parts(node) {
  const inner = bare(node);
  switch (inner.type) {
    case 'ConditionalExpression':
      return [...parts(inner.consequent), ...parts(inner.alternate)];
    case 'LogicalExpression':
      return [...parts(inner.left), ...parts(inner.right)];
    case 'SequenceExpression':
      return inner.expressions.slice(-1).flatMap(parts);
    default:
      return [inner];
  }
}

/**
 * @param {Node} node
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
function saysPromise(node, sourceCode) {
  if (node.type === 'ImportExpression') return true;
  if (node.type === 'NewExpression') return isNamed(node.callee, 'Promise');
  if (node.type !== 'CallExpression') return false;
  const callee = bare(node.callee);
  if (isAsync(callee)) return true;
  if (callee.type === 'MemberExpression') {
    if (isNamed(callee.object, 'Promise')) return true;
    if (['then', 'catch', 'finally'].includes(propertyName(callee) ?? ''))
      return saysPromise(bare(callee.object), sourceCode);
  }
  const origin = importOf(callee, sourceCode);
  if (origin) return isAmbit(origin.module) && WAITING.has(nameOf(callee, sourceCode) ?? '');
  const definition = /** @type {any} */ (variableOf(callee, sourceCode)?.defs[0]);
  if (definition?.type === 'FunctionName') return isAsync(definition.node);
  // Only a const: another variable may hold another function by now.
  return (
    definition?.type === 'Variable' &&
    definition.parent.kind === 'const' &&
    isAsync(definition.node.init)
  );
}

/** @param {string} module */
const isAmbit = (module) => /^@ambit\/(core|sync|io)(\/|$)/.test(module);

/**
 * @param {Node} node
 * @param {string} name
 */
const isNamed = (node, name) => node.type === 'Identifier' && node.name === name;

/** @param {any} node */
const isAsync = (node) => Boolean(node?.async) && !node.generator;
