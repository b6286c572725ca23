import { isConstant, literalOptions, plainArguments, quote } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';
import { planObject } from './objects.mjs';

/** `pLimit(n)` becomes a `Semaphore`, and each call of it `run`. */
export function moveLimit(program) {
  leaveOthers(program, ['default']);
  eachCall(program, ['default'], (call) => {
    const permits = permitsOf(program, call);
    if (permits === undefined)
      return 'the options of p-limit are not a number or `{ concurrency }`';
    const plan = planObject(program, call, (use) => planUse(program, use));
    if (typeof plan === 'string') return plan;
    return () => {
      plan.edits.forEach((edit) => edit());
      const name = program.name('Semaphore', '@ambit/sync');
      program.replace(call.node, `new ${name}(${permits})`);
    };
  });
}

function permitsOf(program, call) {
  const [first, ...more] = plainArguments(call) ?? [];
  if (first === undefined || more.length > 0) return undefined;
  if (!first.isObjectExpression()) return program.text(first.node);
  const options = literalOptions(first);
  if (options?.size !== 1 || !options.has('concurrency')) return undefined;
  return program.text(options.get('concurrency').node.value);
}

function planUse(program, use) {
  if (use.kind === 'call') return planCall(program, use.call);
  if (use.kind === 'property') return planProperty(program, use);
  return `\`${use.name}()\` has no counterpart in Semaphore`;
}

function planCall(program, call) {
  const [work, ...rest] = plainArguments(call) ?? [];
  const where = quote(program, call.node);
  if (work === undefined) return `the arguments of ${where} are spread or typed`;
  const insertRun = () => program.edits.appendLeft(call.node.callee.end, '.run');
  if (rest.length === 0) return insertRun;
  if (!work.isIdentifier() || !rest.every(isConstant)) {
    return `the arguments of ${where} would be evaluated later`;
  }
  return () => {
    insertRun();
    const last = rest.at(-1).node.end;
    program.edits.appendRight(work.node.start, '() => ');
    program.edits.overwrite(work.node.end, rest[0].node.start, '(');
    program.edits.appendLeft(last, ')');
  };
}

const counts = { activeCount: 'borrowed', pendingCount: 'waiting' };

function planProperty(program, { name, member }) {
  const statement = member.parentPath;
  if (Object.hasOwn(counts, name)) {
    const { object, property } = member.node;
    return () => program.edits.overwrite(object.end, property.end, `.statistics().${counts[name]}`);
  }
  const isSet = statement.isAssignmentExpression({ operator: '=' }) && member.key === 'left';
  if (name !== 'concurrency' || !isSet || !statement.parentPath.isExpressionStatement()) {
    return `\`${name}\` has no counterpart in Semaphore`;
  }
  return () => {
    const { left, right } = statement.node;
    program.edits.overwrite(left.object.end, right.start, '.resize(');
    program.edits.appendLeft(right.end, ')');
  };
}
