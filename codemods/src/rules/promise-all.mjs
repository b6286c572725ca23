import { hasEffectOfPlace, isFunction, plainArguments } from '../syntax.mjs';

/** `Promise.all` of calls becomes `gather` of functions: what has begun already cannot be cancelled. */
export function moveAll(program) {
  program.visit({
    CallExpression: (call) => {
      if (!isPromiseAll(call)) return;
      const plan = program.kind === undefined ? 'the file is no module' : planCall(program, call);
      if (typeof plan === 'string') {
        program.leave(call, plan);
        return;
      }
      plan();
      program.replace(call.node.callee, program.name('gather', '@ambit/core'));
      program.noteMoved(call.node);
    },
  });
}

function isPromiseAll(call) {
  const callee = call.get('callee');
  if (!callee.isMemberExpression() || callee.node.computed) return false;
  const { object, property } = callee.node;
  const isNative = object.name === 'Promise' && !call.scope.hasBinding('Promise', true);
  return isNative && property.name === 'all';
}

function planCall(program, call) {
  const [list, ...more] = plainArguments(call) ?? [];
  if (list === undefined || more.length > 0) return 'Promise.all has types or spread arguments';
  if (list.isArrayExpression()) return planArray(program, list);
  const callee = list.isCallExpression() ? list.get('callee') : undefined;
  const isMap = callee?.isMemberExpression() && callee.node.property.name === 'map';
  if (!isMap) return 'the promises of Promise.all have begun elsewhere';
  const [fn, ...rest] = plainArguments(list) ?? [];
  if (fn === undefined || rest.length > 0 || !isFunction(fn)) {
    return 'the function of `map` is not written in place';
  }
  return planFunction(program, fn);
}

function planArray(program, list) {
  const elements = list.get('elements');
  for (const each of elements) {
    if (isCallOfNow(each)) continue;
    return 'some promises of Promise.all have begun elsewhere, or are values';
  }
  if (elements.some(hasEffectOfPlace)) return 'an element of Promise.all waits or assigns';
  // The functions begin at once, in order, so they read the same. But TypeScript forgets what it knows of a variable.
  if (program.isTyped && elements.some(readsVariables))
    return 'an element of Promise.all reads a variable that changes';
  return () => {
    for (const { node } of elements) program.edits.appendRight(node.start, '() => ');
  };
}

/** A call that begins its work, and not one of a promise that is there: `p.then(…)`, `Promise.resolve(…)`. */
function isCallOfNow(path) {
  if (!path.isCallExpression()) return false;
  const callee = path.get('callee');
  if (callee.isImport()) return true;
  if (!callee.isMemberExpression()) return true;
  const { object, property } = callee.node;
  if (object.name === 'Promise') return false;
  if (!['then', 'catch', 'finally'].includes(property.name)) return true;
  return isCallOfNow(callee.get('object'));
}

function readsVariables(path) {
  let isFound = false;
  path.traverse({
    Function: (inner) => inner.skip(),
    Identifier: (inner) => {
      if (!inner.isReferencedIdentifier()) return;
      const binding = inner.scope.getBinding(inner.node.name);
      isFound ||= binding !== undefined && !binding.constant && binding.kind !== 'hoisted';
    },
  });
  return isFound;
}

/** `(x) => f(x)` becomes `(x) => () => f(x)`. */
function planFunction(program, fn) {
  if (!fn.isArrowFunctionExpression()) return 'the function of `map` has a `this` of its own';
  if (fn.node.returnType || fn.node.typeParameters)
    return 'the function of `map` has the type of a promise';
  if (!fn.node.async && fn.get('body').isIdentifier())
    return 'the promises of Promise.all have begun elsewhere';
  return () => {
    const { body, async: isAsync } = fn.node;
    if (isAsync) program.edits.remove(fn.node.start, afterAsync(program, fn.node));
    const start = body.extra?.parenthesized ? body.extra.parenStart : body.start;
    program.edits.appendRight(start, isAsync ? 'async () => ' : '() => ');
  };
}

function afterAsync(program, { start }) {
  return start + /^async\s*/.exec(program.source.slice(start))[0].length;
}
