/** Whether it is the same whenever it is evaluated: a literal, or a name that is never assigned again. */
export function isConstant(path) {
  if (path.isLiteral() && !path.isTemplateLiteral()) return true;
  if (path.isThisExpression()) return true;
  if (!path.isIdentifier()) return false;
  return path.scope.getBinding(path.node.name)?.constant ?? path.node.name === 'undefined';
}

/** Whether a function could not be put around it: it waits, yields, or assigns. */
export function hasEffectOfPlace(path) {
  const found = (inner) => {
    isFound = true;
    inner.stop();
  };
  let isFound = isOne(path);
  if (!isFound) {
    path.traverse({
      Function: (inner) => inner.skip(),
      AwaitExpression: found,
      YieldExpression: found,
      AssignmentExpression: found,
      UpdateExpression: found,
    });
  }
  return isFound;
}

function isOne(path) {
  const types = ['AwaitExpression', 'YieldExpression', 'AssignmentExpression', 'UpdateExpression'];
  return types.includes(path.node.type);
}

export function isFunction(path) {
  return path.isArrowFunctionExpression() || path.isFunctionExpression();
}

/** The arguments of a call, or undefined if they are spread or typed. */
export function plainArguments(call) {
  const all = call.get('arguments');
  const hasTypes = (call.node.typeParameters ?? call.node.typeArguments ?? null) !== null;
  return hasTypes || all.some((each) => each.isSpreadElement()) ? undefined : all;
}

/** The values of an object literal by name, or undefined if not all of it can be read. */
export function literalOptions(path) {
  if (path === undefined) return new Map();
  if (!path.isObjectExpression()) return undefined;
  const properties = path.get('properties');
  const isPlain = (each) => each.isObjectProperty() && !each.node.computed && each.node.key.name;
  if (!properties.every(isPlain)) return undefined;
  return new Map(properties.map((each) => [each.node.key.name, each]));
}

/** A piece of code to name in a reason: it stays the same when something is added above it. */
export function quote(program, node) {
  const [line] = program.text(node.type === 'CallExpression' ? node.callee : node).split('\n');
  const call = node.type === 'CallExpression' ? `${line}(…)` : line;
  return `\`${call.length > 40 ? `${call.slice(0, 39)}…` : call}\``;
}

/** Where a node ends, with the parentheses around it. */
export function endOf(program, node) {
  if (!node.extra?.parenthesized) return node.end;
  return program.source.indexOf(')', node.end) + 1;
}

/** Whether the promise of a call is used where it is made, and nothing else can be done with it. */
export function isUsedAtOnce(call) {
  const { parentPath, key } = call;
  if (parentPath.isAwaitExpression() || parentPath.isReturnStatement()) return true;
  if (parentPath.isArrowFunctionExpression()) return key === 'body';
  if (parentPath.isMemberExpression() && key === 'object') {
    return ['then', 'catch', 'finally'].includes(parentPath.node.property.name);
  }
  return (
    parentPath.isArrayExpression() ||
    (call.listKey === 'arguments' && parentPath.isCallExpression())
  );
}
