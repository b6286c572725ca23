import { functionAround, isLoop, nameOf, ownNodes, propertyName, variableOf } from '../syntax.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.CatchClause} CatchClause
 * @typedef {import('@typescript-eslint/utils').TSESTree.TryStatement} TryStatement
 * @typedef {import('@typescript-eslint/utils').TSESLint.SourceCode} SourceCode
 * @typedef {import('@typescript-eslint/utils').TSESLint.RuleFixer} RuleFixer
 */

/** Code that calls one of these handles the cancellation, or gets it again. */
const ASKS = new Set(
  'checkpoint enter isAbortError isCancelled throwIfAborted throwIfCancelled yieldNow'.split(' '),
);
/** Properties that say whether something was cancelled. */
const TELLS = new Set('aborted cancelCalled cancelCaught reason'.split(' '));
/** Calls that pass the error on to code that waits for it. */
const HANDS_ON = new Set(
  'abort callback cancel cb destroy done emit fail next reject throw tryReject'.split(' '),
);
/** Calls that keep the error for later. */
const KEEPS = new Set(['add', 'push', 'set', 'unshift']);

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const noSwallowedCancellation = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow a catch clause that goes on as if a cancellation were any failure',
    },
    hasSuggestions: true,
    schema: [],
    messages: {
      swallowed:
        'A cancellation ends here, and the code after it runs in a cancelled scope. Rethrow what is not yours: `if (isCancelled({{ error }})) throw {{ error }};`.',
      swallowedInLoop:
        'A cancellation ends here and the loop goes on: in a cancelled scope each turn fails at once, and the loop spins. Rethrow what is not yours: `if (isCancelled({{ error }})) throw {{ error }};`, or call throwIfCancelled().',
      rethrow: 'Rethrow a cancellation (isCancelled comes from @ambit/core).',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;
    return {
      TryStatement(node) {
        const { handler, block } = node;
        // At the top of a module no scope is there that could be cancelled.
        if (!handler || !functionAround(node) || !waits(block, sourceCode)) return;
        const loop = loopAround(node);
        if (minds(handler, loop, sourceCode) || (!loop && endsFunction(node))) return;
        const { param } = handler;
        const error = param?.type === 'Identifier' ? param.name : 'error';
        const suggestion = {
          messageId: 'rethrow',
          fix: (/** @type {RuleFixer} */ fixer) => rethrow(fixer, handler, error, sourceCode),
        };
        context.report({
          loc: { start: handler.loc.start, end: handler.body.loc.start },
          messageId: loop && spins(loop, node, sourceCode) ? 'swallowedInLoop' : 'swallowed',
          data: { error },
          suggest: param && param.type !== 'Identifier' ? [] : [suggestion],
        });
      },
    };
  },
};

/**
 * Can a cancellation be thrown in this block?
 *
 * @param {Node} block
 * @param {SourceCode} sourceCode
 */
function waits(block, sourceCode) {
  for (const node of ownNodes(block, sourceCode)) {
    if (node.type === 'AwaitExpression' && node.argument.type !== 'ImportExpression') return true;
    if (node.type === 'ForOfStatement' && node.await) return true;
    if (node.type === 'VariableDeclaration' && node.kind === 'await using') return true;
  }
  return false;
}

/**
 * The loop that may go round when the clause has ended.
 *
 * @param {Node} statement
 * @returns {Node | undefined}
 */
function loopAround(statement) {
  const end = functionAround(statement);
  let node = /** @type {Node | undefined} */ (statement.parent);
  while (node && node !== end && !isLoop(node)) node = node.parent;
  return node === end ? undefined : node;
}

/**
 * Is there nothing else in the loop that waits, where a cancellation would come out after all?
 *
 * @param {Node} loop
 * @param {TryStatement} statement
 * @param {SourceCode} sourceCode
 */
function spins(loop, statement, sourceCode) {
  if (loop.type === 'ForOfStatement' && loop.await) return false;
  const [from, to] = statement.block.range;
  for (const { type, range } of ownNodes(loop, sourceCode))
    if (type === 'AwaitExpression' && !(from <= range[0] && range[1] <= to)) return false;
  return true;
}

/**
 * Does the clause do something for a cancellation: throw, leave, ask, wait, or hand the error on?
 *
 * @param {CatchClause} handler
 * @param {Node | undefined} loop
 * @param {SourceCode} sourceCode
 */
function minds(handler, loop, sourceCode) {
  for (const node of ownNodes(handler.body, sourceCode)) {
    switch (node.type) {
      case 'AwaitExpression':
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'YieldExpression':
        return true;
      case 'ForOfStatement':
        if (node.await) return true;
        break;
      case 'BreakStatement':
        if (leaves(node, handler)) return true;
        break;
      case 'CallExpression': {
        const name = nameOf(node.callee, sourceCode) ?? '';
        if (ASKS.has(name) || name === 'exit') return true;
        // What is only kept does not keep a loop from going on.
        const takes = HANDS_ON.has(name) || (!loop && (KEEPS.has(name) || isOwnMethod(node)));
        if (takes && node.arguments.some((given) => isCaught(given, handler, sourceCode)))
          return true;
        break;
      }
      case 'MemberExpression':
        if (TELLS.has(propertyName(node) ?? '')) return true;
        break;
      case 'AssignmentExpression':
        if (!loop && isCaught(node.right, handler, sourceCode)) return true;
        break;
      case 'Literal':
        if (node.value === 'AbortError' || node.value === 'ABORT_ERR') return true;
    }
  }
  return false;
}

/**
 * Is it the error that was caught, by itself?
 *
 * @param {Node} node
 * @param {CatchClause} handler
 * @param {SourceCode} sourceCode
 */
function isCaught(node, { param }, sourceCode) {
  return param?.type === 'Identifier' && variableOf(node, sourceCode)?.identifiers[0] === param;
}

/**
 * `this.method()`: what an object does with its own failures is its own affair.
 *
 * @param {import('@typescript-eslint/utils').TSESTree.CallExpression} call
 */
const isOwnMethod = ({ callee }) =>
  callee.type === 'MemberExpression' && callee.object.type === 'ThisExpression';

/**
 * A `break` that leaves more than what the clause itself has begun.
 *
 * @param {import('@typescript-eslint/utils').TSESTree.BreakStatement} jump
 * @param {CatchClause} handler
 */
function leaves(jump, handler) {
  for (
    let node = /** @type {Node | undefined} */ (jump.parent);
    node && node !== handler;
    node = node.parent
  ) {
    if (jump.label) {
      if (node.type === 'LabeledStatement' && node.label.name === jump.label.name) return false;
    } else if (isLoop(node) || node.type === 'SwitchStatement') return false;
  }
  return true;
}

/**
 * Is there nothing left to do after it in its function, but to return something that is there? Then it is as good as a
 * `return` in the clause: the cancellation comes out at the caller's next wait.
 *
 * @param {Node} statement
 * @returns {boolean}
 */
function endsFunction(statement) {
  const { parent } = statement;
  if (!parent) return false;
  if (parent.type === 'BlockStatement') {
    const next = parent.body[parent.body.indexOf(/** @type {any} */ (statement)) + 1];
    if (next) return next.type === 'ReturnStatement' && isAtHand(next.argument);
    return isBody(parent) || endsFunction(parent);
  }
  if (parent.type === 'IfStatement' || parent.type === 'LabeledStatement')
    return endsFunction(parent);
  // The end of a clause, or of a `try` without `finally`, is the end of its statement.
  if (parent.type === 'CatchClause') return endsFunction(/** @type {Node} */ (parent.parent));
  if (parent.type === 'TryStatement') return parent.finalizer === null && endsFunction(parent);
  return false;
}

/** @param {Node} block */
const isBody = ({ parent }) => parent !== undefined && 'body' in parent && 'params' in parent;

/** @param {Node | null} value */
const isAtHand = (value) =>
  value === null ||
  ['Identifier', 'Literal', 'MemberExpression', 'ThisExpression'].includes(value.type);

/**
 * @param {RuleFixer} fixer
 * @param {CatchClause} handler
 * @param {string} error
 * @param {SourceCode} sourceCode
 */
function* rethrow(fixer, { param, body }, error, sourceCode) {
  const brace = sourceCode.getFirstToken(body);
  if (!brace) return;
  if (!param) yield fixer.insertTextBefore(brace, `(${error}) `);
  yield fixer.insertTextAfter(brace, ` if (isCancelled(${error})) throw ${error};`);
}
