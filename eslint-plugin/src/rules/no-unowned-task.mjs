import { startsPromise } from '../promises.mjs';
import { bare, importOf, mayAwait, propertyName, variableOf } from '../syntax.mjs';
import { groupInReach, isNewTaskGroup } from '../task-groups.mjs';
import { hasAll, typeOf } from '../types.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.CallExpression} CallExpression
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 * @typedef {import('@typescript-eslint/utils').TSESLint.RuleFixer} RuleFixer
 */

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const noUnownedTask = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow starting work, or opening a group, that nobody waits for',
    },
    hasSuggestions: true,
    schema: [],
    messages: {
      unownedTask:
        'Nobody waits for what this call starts: it can outlive its scope, and its failure is nobody’s. Await it, or give it to a group: group.spawn(() => …).',
      unownedGroup:
        'Nobody ends this group if the code after it throws, and its tasks go on. Write `await using`, or use taskGroup(async (group) => …).',
      spawn: 'Give it to {{ group }}.',
      await: 'Wait for it.',
      awaitUsing: 'Write `await using`; the block then ends with `await {{ group }}.join()`.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;

    /** @param {Node} expression */
    function checkDiscarded(expression) {
      for (const { call, discarded } of discardedCalls(expression)) {
        if (isOwned(call, sourceCode) || !startsPromise(call, sourceCode)) continue;
        context.report({
          node: discarded,
          messageId: 'unownedTask',
          suggest: ownersFor(discarded, call),
        });
      }
    }

    /**
     * @param {Node} discarded
     * @param {CallExpression} call
     */
    function ownersFor(discarded, call) {
      const text = sourceCode.getText(call);
      const group = groupInReach(call, sourceCode);
      // What is awaited inside moves into a function of its own, which need not be async.
      const hasAwait = /\bawait\b/.test(text);
      const owners = [
        { messageId: 'spawn', fits: group && !hasAwait, code: `${group}.spawn(() => ${text})` },
        { messageId: 'await', fits: mayAwait(call), code: `await ${text}` },
      ];
      return owners
        .filter(({ fits }) => fits)
        .map(({ messageId, code }) => ({
          messageId,
          data: { group: group ?? '' },
          fix: (/** @type {RuleFixer} */ fixer) => fixer.replaceText(discarded, code),
        }));
    }

    /** @param {import('@typescript-eslint/utils').TSESTree.NewExpression} node */
    function checkGroup(node) {
      if (!isNewTaskGroup(node, sourceCode)) return;
      const { parent } = node;
      if (parent.type === 'ExpressionStatement') {
        context.report({ node, messageId: 'unownedGroup' });
        return;
      }
      if (parent.type !== 'VariableDeclarator' || parent.id.type !== 'Identifier') return;
      const declaration = parent.parent;
      const { name } = parent.id;
      if (declaration.kind === 'await using') return;
      if (isHandedOn(parent.id) || isExported(declaration)) return;
      const canBeUsing =
        declaration.declarations.length === 1 && declaration.kind !== 'var' && mayAwait(node);
      const keyword = sourceCode.getFirstToken(declaration);
      context.report({
        node,
        messageId: 'unownedGroup',
        suggest:
          canBeUsing && keyword
            ? [
                {
                  messageId: 'awaitUsing',
                  data: { group: name },
                  fix: (fixer) => fixer.replaceText(keyword, 'await using'),
                },
              ]
            : [],
      });
    }

    /**
     * Given to other code, or ended in a `finally` block.
     *
     * @param {import('@typescript-eslint/utils').TSESTree.Identifier} id
     */
    function isHandedOn(id) {
      const references = variableOf(id, sourceCode)?.references ?? [];
      return references.some(({ identifier, init }) => {
        if (init) return false;
        const { parent } = identifier;
        if (parent?.type !== 'MemberExpression' || parent.object !== identifier) return true;
        return endsIt(parent) && isInFinally(parent);
      });
    }

    return {
      ExpressionStatement: ({ expression }) => checkDiscarded(expression),
      // `() => void call()` and the like; a statement of its own was looked at already.
      UnaryExpression(node) {
        if (node.operator === 'void' && !isStatement(node)) checkDiscarded(node);
      },
      NewExpression: checkGroup,
    };
  },
};

/**
 * The calls whose results are not used, each with its node.
 *
 * @param {Node} expression
 * @param {Node} [discarded]
 * @returns {{ call: CallExpression, discarded: Node }[]}
 */
function discardedCalls(expression, discarded = expression) {
  const node = bare(expression);
  switch (node.type) {
    case 'CallExpression':
      return [{ call: node, discarded }];
    case 'UnaryExpression':
      return node.operator === 'void' ? discardedCalls(node.argument, discarded) : [];
    case 'LogicalExpression':
      return discardedCalls(node.right);
    case 'ConditionalExpression':
      return [...discardedCalls(node.consequent), ...discardedCalls(node.alternate)];
    case 'SequenceExpression':
      return node.expressions.flatMap((part) => discardedCalls(part));
    default:
      return [];
  }
}

/**
 * Other code handles it anyway, at least its failure.
 *
 * @param {CallExpression} call
 * @param {SourceCode} sourceCode
 * @returns {boolean}
 */
function isOwned(call, sourceCode) {
  const callee = bare(call.callee);
  if (callee.type === 'MemberExpression') {
    const method = propertyName(callee);
    if (method === 'catch' && call.arguments.length > 0) return true;
    if (method === 'then' && call.arguments.length > 1) return true;
    if (method === 'finally' || method === 'then') {
      const before = bare(callee.object);
      // A promise that exists already has an owner; it only calls back here.
      return before.type === 'CallExpression' ? isOwned(before, sourceCode) : isKept(before);
    }
    if (method === 'stop' && stopsOwned(callee.object, sourceCode)) return true;
  }
  const origin = importOf(callee, sourceCode);
  // A run is its own owner, and a test is its runner's.
  return origin?.name === 'run' || origin?.module === 'node:test';
}

/** @param {Node} node */
const isKept = ({ type }) => type === 'Identifier' || type === 'MemberExpression';

/**
 * `task.stop()` and `group.stop()` never reject, and the stopped work has an owner that waits.
 *
 * @param {Node} object
 * @param {SourceCode} sourceCode
 */
function stopsOwned(object, sourceCode) {
  const type = typeOf(object, sourceCode);
  return type !== undefined && hasAll(type, 'stop', 'join', 'cancel', 'scope');
}

/** @param {import('@typescript-eslint/utils').TSESTree.MemberExpression} member */
function endsIt(member) {
  const { property, computed } = member;
  if (!computed) return ['join', 'stop'].includes(propertyName(member) ?? '');
  return property.type === 'MemberExpression' && propertyName(property) === 'asyncDispose';
}

/** @param {Node} node */
function isInFinally(node) {
  for (let child = node; child.parent; child = child.parent) {
    if (child.parent.type === 'TryStatement' && child.parent.finalizer === child) return true;
  }
  return false;
}

/** @param {Node} declaration */
const isExported = (declaration) => declaration.parent?.type === 'ExportNamedDeclaration';

/** @param {Node} node */
function isStatement(node) {
  let { parent } = node;
  while (
    parent &&
    [
      'ConditionalExpression',
      'LogicalExpression',
      'SequenceExpression',
      'UnaryExpression',
    ].includes(parent.type)
  )
    parent = parent.parent;
  return parent?.type === 'ExpressionStatement';
}
