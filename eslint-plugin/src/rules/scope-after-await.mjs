import { importOf } from '../syntax.mjs';

/**
 * @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node
 * @typedef {import('@typescript-eslint/utils').TSESTree.CallExpression | import('@typescript-eslint/utils').TSESTree.NewExpression} Call
 *
 * @typedef {object} Segment - a piece of code without branches, as ESLint has them
 * @property {string} id
 * @property {Segment[]} prevSegments
 *
 * @typedef {{ is: 'lost' } | { is: 'back' } | { is: 'call', node: Call, messageId: string }} Step
 *
 * @typedef {object} Path - the code of one function
 * @property {boolean} isAsync
 * @property {Set<Segment>} current
 * @property {Map<Segment, Step[]>} steps
 */

/** Where the options are if a call takes any number of arguments. */
const LAST = -1;

/** Which argument has the options, by the name of the function. */
const OPTIONS_AT = {
  '@ambit/core': {
    ...{ checkpoint: 0, sleepForever: 0, throwIfCancelled: 0, yieldNow: 0 },
    ...{ any: 1, asCompleted: 1, gather: 1, gatherSettled: 1, race: 1, retry: 1, shield: 1 },
    ...{ sleep: 1, sleepUntil: 1, supervise: 1, wait: 1 },
    ...{ concurrentForEach: 2, concurrentMap: 2, idleTimeout: 2, moveOnAfter: 2, moveOnAt: 2 },
    ...{ schedule: 2, timeout: 2, timeoutAt: 2, use: 2, waitFor: 2 },
  },
  '@ambit/core/abort': {
    ...{ forever: 0, abortable: 1, execute: 1, proactiveRetry: 1, withSignal: 1, waitForEvent: 2 },
  },
  '@ambit/core/iter': {
    ...{ batch: 1, closing: 1, interval: 1, latest: 1, share: 1 },
    ...{ buffer: 2, debounce: 2, fromEvents: 2, mapConcurrent: 2, throttle: 2, timeoutEach: 2 },
    ...{ merge: LAST, zip: LAST },
  },
  '@ambit/sync': { select: LAST },
};

/** What makes a scope: it can be given its parent instead. */
const MAKERS = { CancelScope: 0, TaskGroup: 0, taskGroup: 1 };

/** What only asks: there is nothing that one could give it. */
const READERS = new Set(['contextSnapshot', 'currentScope', 'currentTask']);

/** @type {import('@typescript-eslint/utils').TSESLint.RuleModule<string>} */
export const scopeAfterAwait = {
  meta: {
    type: 'problem',
    docs: {
      description:
        'Require a signal or a parent in ambient calls after an `await`, for browsers without unplugin-ambit',
    },
    schema: [],
    messages: {
      call: 'Browsers forget the scope at the first `await`, so nothing cancels this call. Give it `{ signal }`, or use unplugin-ambit.',
      maker:
        'Browsers forget the scope at the first `await`, so this one has no parent. Give it `{ parent }` or `{ signal }`, or use unplugin-ambit.',
      reader:
        'Browsers forget the scope at the first `await`, so this gives the outermost one. Call it before, and keep what it returns, or use unplugin-ambit.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;
    /** @type {Path[]} */
    const paths = [];

    /** @param {Step} step */
    function add(step) {
      const path = paths.at(-1);
      for (const segment of path?.current ?? []) path?.steps.get(segment)?.push(step);
    }

    /** @param {Call} node */
    function call(node) {
      const messageId = missing(node, importOf(node.callee, sourceCode));
      if (messageId !== undefined) add({ is: 'call', node, messageId });
    }

    const lose = () => add({ is: 'lost' });

    return /** @type {any} */ ({
      onCodePathStart(/** @type {unknown} */ _path, /** @type {any} */ node) {
        paths.push({ isAsync: node.async === true, current: new Set(), steps: new Map() });
      },
      onCodePathSegmentStart(/** @type {Segment} */ segment) {
        paths.at(-1)?.current.add(segment);
        paths.at(-1)?.steps.set(segment, []);
      },
      onCodePathSegmentEnd(/** @type {Segment} */ segment) {
        paths.at(-1)?.current.delete(segment);
      },
      onCodePathEnd() {
        const path = paths.pop();
        for (const { node, messageId } of path?.isAsync ? callsThatLost(path.steps) : []) {
          context.report({ node, messageId });
        }
      },
      'CallExpression:exit': call,
      'NewExpression:exit': call,
      'AwaitExpression:exit': lose,
      // The first item is waited for before the body, and the end of the items before what follows.
      'ForOfStatement[await=true] > .body': lose,
      'ForOfStatement[await=true]:exit': lose,
      // At its end a block waits for what is disposed of.
      'BlockStatement:exit'(/** @type {any} */ { body }) {
        if (body.some((/** @type {any} */ { kind }) => kind === 'await using')) lose();
      },
      // A generator goes on in the frame of the code that asks for the next item.
      'YieldExpression:exit': () => add({ is: 'back' }),
    });
  },
};

/**
 * What a call lacks; undefined: nothing, or it is not known.
 *
 * @param {Call} node
 * @param {{ name: string | undefined, module: string } | undefined} origin
 * @returns {'call' | 'maker' | 'reader' | undefined}
 */
function missing(node, origin) {
  if (origin?.name === undefined) return undefined;
  const { name, module } = origin;
  if (module === '@ambit/core' && READERS.has(name)) return 'reader';
  const isMaker = module === '@ambit/core' && Object.hasOwn(MAKERS, name);
  const functions = isMaker ? MAKERS : /** @type {any} */ (OPTIONS_AT)[module];
  if (functions === undefined || !Object.hasOwn(functions, name)) return undefined;
  if (mayHaveSignal(node.arguments, functions[name])) return undefined;
  return isMaker ? 'maker' : 'call';
}

/**
 * @param {readonly Node[]} args
 * @param {number} at
 */
function mayHaveSignal(args, at) {
  if (args.some(({ type }) => type === 'SpreadElement')) return true;
  const options = args.at(at);
  if (options === undefined) return false;
  if (options.type !== 'ObjectExpression') return at !== LAST || options.type !== 'CallExpression';
  return options.properties.some(
    (property) =>
      property.type === 'SpreadElement' ||
      property.computed ||
      ['signal', 'parent'].includes(
        property.key.type === 'Identifier'
          ? property.key.name
          : /** @type {any} */ (property.key).value,
      ),
  );
}

/**
 * The calls that an `await` may come before, on some way through the function.
 *
 * @param {Map<Segment, Step[]>} steps
 */
function callsThatLost(steps) {
  /** @type {Set<Segment>} */
  const lost = new Set();
  /** @param {Segment} segment */
  const begins = (segment) => segment.prevSegments.some((before) => lost.has(before));
  for (let known = -1; known < lost.size;) {
    known = lost.size;
    for (const [segment, own] of steps) {
      if (follow(own, begins(segment)).isLost) lost.add(segment);
    }
  }
  const calls = [...steps].flatMap(([segment, own]) => follow(own, begins(segment)).calls);
  return [...new Set(calls)];
}

/**
 * @param {readonly Step[]} steps
 * @param {boolean} isLost
 */
function follow(steps, isLost) {
  const calls = [];
  for (const step of steps) {
    if (step.is !== 'call') isLost = step.is === 'lost';
    else if (isLost) calls.push(step);
  }
  return { isLost, calls };
}
