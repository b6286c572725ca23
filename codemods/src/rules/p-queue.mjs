import { isFunction, literalOptions, plainArguments } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';
import { planObject } from './objects.mjs';

/**
 * A queue whose promises are all used becomes a `Semaphore`. One that is filled and then waited for with `onIdle` becomes a
 * `TaskGroup` with a limit, which `join` waits for.
 */
export function moveQueue(program) {
  leaveOthers(program, ['default']);
  eachCall(program, ['default'], (call) => {
    const [options, ...more] = plainArguments(call) ?? [undefined, undefined];
    const read = literalOptions(options);
    if (more.length > 0 || read === undefined) return 'its options are not written in place';
    const unknown = [...read.keys()].find((key) => key !== 'concurrency');
    if (unknown !== undefined) return `there is no option \`${unknown}\` of a Semaphore or a group`;
    const limit = read.has('concurrency')
      ? program.text(read.get('concurrency').node.value)
      : 'Infinity';
    const uses = [];
    const plan = planObject(program, call, (use) => note(use, uses));
    if (typeof plan === 'string') return plan;
    return planAll(program, { call, limit, uses });
  });
}

function note(use, uses) {
  uses.push(use);
  return () => undefined;
}

function planAll(program, { call, limit, uses }) {
  const foreign = uses.find((use) => use.kind !== 'method' && !(use.name in counts));
  if (foreign !== undefined) return `\`${foreign.name ?? 'it'}\` has no counterpart`;
  const idle = uses.filter((use) => use.name === 'onIdle');
  const bad = uses.map((use) => badUse(use)).find((reason) => reason !== undefined);
  if (bad !== undefined) return bad;
  if (idle.length > 0) return planGroup(program, { call, limit, uses, idle });
  if (uses.some((use) => use.call?.parentPath.isExpressionStatement())) {
    return 'nothing waits for the promises of `add`; use a TaskGroup with a limit';
  }
  return () => {
    uses.forEach((use) => writeUse(program, use));
    program.replace(call.node, `new ${program.name('Semaphore', '@ambit/sync')}(${limit})`);
  };
}

const counts = { size: 'waiting', pending: 'borrowed' };

function badUse({ name, kind, call }) {
  if (kind === 'property' || name === 'onIdle') return undefined;
  if (name !== 'add') return `\`${name}()\` has no counterpart`;
  const [work, ...more] = plainArguments(call) ?? [];
  if (work === undefined || more.length > 0) return '`add` has options';
  if (isFunction(work) && work.node.params.length > 0)
    return 'the function of `add` takes a signal';
  return undefined;
}

function writeUse(program, { kind, name, member }) {
  const { object, property } = member.node;
  if (kind === 'method') program.replace(property, 'run');
  else program.edits.overwrite(object.end, property.end, `.statistics().${counts[name]}`);
}

function planGroup(program, { call, limit, uses, idle }) {
  const [end] = idle;
  const waiting = end.call.parentPath;
  const statement = waiting.parentPath;
  const isStatement = waiting.isAwaitExpression() && statement.isExpressionStatement();
  const declaration = call.getStatementParent();
  const isNear = isStatement && statement.parentPath === declaration.parentPath;
  if (idle.length > 1 || !isNear || !declaration.getFunctionParent()) {
    return '`onIdle` is not awaited once, where the queue is made; use a TaskGroup with a limit';
  }
  const isDone = (use) => use === end || isFilled(use, statement);
  if (!uses.every(isDone)) return 'some promises of `add` are used; use a TaskGroup with a limit';
  return () => {
    for (const { name, member } of uses) {
      program.replace(member.node.property, name === 'add' ? 'spawn' : 'join');
    }
    const group = program.name('TaskGroup', '@ambit/core');
    program.replace(call.node, `new ${group}({ limit: ${limit} })`);
  };
}

/** `add` as a statement, or as all that a callback does, before the wait. */
function isFilled({ name, call }, statement) {
  if (name !== 'add' || call.node.start > statement.node.start) return false;
  const { parentPath } = call;
  if (parentPath.isExpressionStatement()) return true;
  return parentPath.isUnaryExpression({ operator: 'void' });
}
