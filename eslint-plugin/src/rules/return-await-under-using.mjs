import { isAwaitable } from '../promises.mjs';
import { bare, functionAround, isFunction } from '../syntax.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.VariableDeclaration} VariableDeclaration
 */

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const returnAwaitUnderUsing = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Require `return await` of a promise where a `using` declaration is in scope',
    },
    fixable: 'code',
    schema: [],
    messages: {
      missingAwait:
        '{{ names }} is released before this promise has settled, and if it rejects meanwhile, the process ends with an unhandled rejection. Write `return await`.',
      notAsync:
        '{{ names }} is released as soon as this function returns, while the promise is still pending. Make the function async and write `return await`.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;
    return {
      ReturnStatement(node) {
        const { argument } = node;
        if (!argument || bare(argument).type === 'AwaitExpression') return;
        const resource = resourceAt(node);
        if (!resource) return;
        const around = /** @type {any} */ (functionAround(node));
        // A generator that is async awaits what it returns by itself; one that is not hands it on as a value.
        if (around?.generator || !isAwaitable(argument, sourceCode)) return;
        const names = sourceCode.getText(resource);
        if (!around?.async) {
          context.report({ node, messageId: 'notAsync', data: { names } });
          return;
        }
        context.report({
          node,
          messageId: 'missingAwait',
          data: { names },
          fix: (fixer) =>
            bindsTighter(argument)
              ? fixer.insertTextBefore(argument, 'await ')
              : [fixer.insertTextBefore(argument, 'await ('), fixer.insertTextAfter(argument, ')')],
        });
      },
    };
  },
};

/**
 * The nearest resource that is released when this place is left by `return`.
 *
 * @param {Node} place
 * @returns {Node | undefined}
 */
function resourceAt(place) {
  for (let child = place; child.parent && !isFunction(child); child = child.parent) {
    const resource = declarationsIn(child.parent)
      .filter(({ kind, range }) => isUsing(kind) && range[1] <= place.range[0])
      .at(-1);
    if (resource) return resource.declarations.at(-1)?.id;
  }
  return undefined;
}

/** @param {string} kind */
const isUsing = (kind) => kind === 'using' || kind === 'await using';

/**
 * What is declared at this level, its own blocks left out.
 *
 * @param {Node} node
 * @returns {VariableDeclaration[]}
 */
function declarationsIn(node) {
  switch (node.type) {
    case 'BlockStatement':
    case 'Program':
      return node.body.filter(isDeclaration);
    case 'SwitchStatement':
      return node.cases.flatMap(({ consequent }) => consequent.filter(isDeclaration));
    case 'ForStatement':
      return node.init && isDeclaration(node.init) ? [node.init] : [];
    case 'ForOfStatement':
      return isDeclaration(node.left) ? [node.left] : [];
    default:
      return [];
  }
}

/**
 * @param {Node} node
 * @returns {node is VariableDeclaration}
 */
const isDeclaration = (node) => node.type === 'VariableDeclaration';

/**
 * Does `await` in front of it mean all of it?
 *
 * @param {Node} node
 */
function bindsTighter(node) {
  return [
    'CallExpression',
    'ChainExpression',
    'Identifier',
    'ImportExpression',
    'MemberExpression',
    'NewExpression',
    'TSNonNullExpression',
    'ThisExpression',
  ].includes(node.type);
}
