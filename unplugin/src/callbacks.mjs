// What AsyncLocalStorage follows in addition to `await`: callbacks of promises, timers and listeners.

const OF_PROMISES = new Set(['then', 'catch', 'finally']);
const TIMERS = new Set([
  ...['setTimeout', 'setInterval', 'queueMicrotask'],
  ...['requestAnimationFrame', 'requestIdleCallback'],
]);
const LISTENERS = { addEventListener: 'listen', removeEventListener: 'unlisten' };
const GLOBALS = new Set(['globalThis', 'window', 'self']);
// What can be no callback.
const OTHERS = new Set(['Literal', 'TemplateLiteral', 'SpreadElement']);

/** Answers, for a call, which function of the door each of its arguments goes through; undefined if none does. */
export function callbacksOf({ callee, arguments: given }) {
  const name = nameOf(callee);
  const isMember = callee.type === 'MemberExpression';
  const taken = (argument, by) => (OTHERS.has(argument.type) ? undefined : by);
  if (isMember && OF_PROMISES.has(name)) return (argument) => taken(argument, 'wrap');
  if (TIMERS.has(name) && (!isMember || GLOBALS.has(callee.object.name)))
    return (argument) => (argument === given[0] ? taken(argument, 'wrap') : undefined);
  const listens = Object.hasOwn(LISTENERS, name ?? '') ? LISTENERS[name] : undefined;
  if (listens === undefined || given[0]?.type === 'SpreadElement') return undefined;
  return (argument) => (argument === given[1] ? taken(argument, listens) : undefined);
}

function nameOf({ type, name, property, computed }) {
  if (type === 'Identifier') return name;
  if (type !== 'MemberExpression') return undefined;
  return computed ? property.value : property.name;
}
