import { isFunction, plainArguments } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';
import { planObject, planType } from './objects.mjs';

const kinds = {
  Mutex: { becomes: 'Lock', methods: { isLocked: 'locked' } },
  Semaphore: { becomes: 'Semaphore', methods: { isLocked: 'locked', getValue: 'available' } },
};

/** `Mutex` becomes `Lock`, `Semaphore` stays one, and `runExclusive` becomes `run`. */
export function moveMutex(program) {
  leaveOthers(program, ['Mutex', 'Semaphore']);
  for (const [imported, kind] of Object.entries(kinds)) {
    eachCall(program, [imported], (made, reference) => {
      const args = plainArguments(made);
      const wanted = imported === 'Mutex' ? 0 : 1;
      if (!made.isNewExpression() || args?.length !== wanted)
        return 'it is given an error of its own';
      const plan = planObject(program, made, (use) => planUse(program, { ...use, imported }));
      if (typeof plan === 'string') return plan;
      const name = () => program.name(kind.becomes, '@ambit/sync');
      const retype = planType(program, { holder: plan.holder, name });
      return () => {
        plan.edits.forEach((edit) => edit());
        retype();
        program.replace(reference.node, name());
      };
    });
  }
}

function planUse(program, use) {
  const { name, member, call } = use;
  const { becomes, methods } = kinds[use.imported];
  if (use.kind !== 'method') return `\`${name ?? 'it'}\` has no counterpart`;
  if (name === 'runExclusive') return planRun(program, use);
  if (name === 'acquire') return planAcquire(program, use);
  const property = methods[name];
  if (property === undefined) return `\`${name}()\` has no counterpart in ${becomes}`;
  return () => program.edits.overwrite(member.node.property.start, call.node.end, property);
}

function planRun(program, { member, call, imported }) {
  const [work, ...more] = plainArguments(call) ?? [];
  if (work === undefined || more.length > 0) return '`runExclusive` has a priority or a weight';
  const takesValue =
    imported === 'Semaphore' && !(isFunction(work) && work.node.params.length === 0);
  if (takesValue) return 'a function of `runExclusive` may take the value of the semaphore';
  return () => program.replace(member.node.property, 'run');
}

/** `const release = await m.acquire()`: what comes is a guard, which is disposed of instead of called. */
function planAcquire(program, { call, imported }) {
  if (call.node.arguments.length > 0) return '`acquire` has a priority or a weight';
  const declarator = call.parentPath.parentPath;
  if (!call.parentPath.isAwaitExpression() || !declarator?.isVariableDeclarator()) {
    return 'the result of `acquire` is not kept in a constant';
  }
  const release = releaseOf(declarator, imported);
  const binding = release && declarator.scope.getBinding(release.name);
  const isCall = (path) => path.parentPath.isCallExpression() && path.key === 'callee';
  if (!binding?.constant || !binding.referencePaths.every(isCall)) {
    return 'the function that `acquire` gives is not only called';
  }
  return () => {
    program.replace(declarator.node.id, release.name);
    for (const path of binding.referencePaths) {
      program.edits.appendLeft(path.node.end, '[Symbol.dispose]');
    }
  };
}

function releaseOf(declarator, imported) {
  const { id } = declarator.node;
  if (imported === 'Mutex') return id.type === 'Identifier' ? id : undefined;
  const [value, release] = id.type === 'ArrayPattern' ? id.elements : [];
  return value === null && release?.type === 'Identifier' ? release : undefined;
}
