import { isConstant, plainArguments } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';

// By what a function is called there: what it is called here, and from where. The signal moves from the first argument to
// the last one.
const functions = {
  delay: { name: 'sleep', from: '@ambit/core', count: 2 },
  forever: { name: 'forever', from: '@ambit/core/abort', count: 1 },
  execute: { name: 'execute', from: '@ambit/core/abort', count: 2 },
  abortable: { name: 'abortable', from: '@ambit/core/abort', count: 2 },
  waitForEvent: { name: 'waitForEvent', from: '@ambit/core/abort', count: 3 },
  throwIfAborted: { name: 'throwIfCancelled', from: '@ambit/core', count: 1 },
};
const ofSeveral = { all: 'gather', race: 'race' };

/** The functions of abort-controller-x become those of Ambit, with `{ signal }` at the end. */
export function moveAbort(program) {
  leaveOthers(program, [...Object.keys(functions), ...Object.keys(ofSeveral), 'isAbortError']);
  for (const [imported, known] of Object.entries(functions)) {
    eachCall(program, [imported], (call) => planCall(program, { call, known }));
  }
  for (const [imported, name] of Object.entries(ofSeveral)) {
    eachCall(program, [imported], (call) => planSeveral(program, { call, name }));
  }
  eachCall(program, ['isAbortError'], (call) => () => {
    program.replace(call.node.callee, program.name('isAbortError', '@ambit/core/abort'));
  });
}

function planCall(program, { call, known }) {
  const all = plainArguments(call);
  if (all?.length !== known.count) return 'its arguments are spread, or it has options';
  const [signal, ...rest] = all;
  if (!isSimple(signal)) return 'its signal is made in place';
  return () => {
    program.replace(call.node.callee, program.name(known.name, known.from));
    const option = asOption(program, signal);
    if (rest.length === 0) {
      program.replace(signal.node, option);
      return;
    }
    program.edits.remove(signal.node.start, rest[0].node.start);
    program.edits.appendLeft(rest.at(-1).node.end, `, ${option}`);
  };
}

function isSimple(signal) {
  return isConstant(signal) || /^[\w.]+$/.test(signal.toString());
}

function asOption(program, signal) {
  const text = program.text(signal.node);
  return text === 'signal' ? '{ signal }' : `{ signal: ${text} }`;
}

/** `all(signal, (inner) => [a(inner), b(inner)])`: each element becomes a function that takes a task. */
function planSeveral(program, { call, name }) {
  const [signal, executor, ...more] = plainArguments(call) ?? [];
  if (executor === undefined || more.length > 0 || !isSimple(signal))
    return 'its arguments are not plain';
  const list = executor.isArrowFunctionExpression() ? executor.get('body') : undefined;
  const params = executor.node.params ?? [];
  const isPlain =
    list?.isArrayExpression() &&
    params.length <= 1 &&
    (params[0]?.type ?? 'Identifier') === 'Identifier';
  if (
    !isPlain ||
    list.node.elements.some((each) => each === null || each.type === 'SpreadElement')
  ) {
    return 'its promises are not made in an array of this length';
  }
  const inner = params[0] && list.scope.getBinding(params[0].name).referencePaths;
  if (inner?.some((path) => path.parentPath.isObjectProperty({ shorthand: true }))) {
    return 'its signal is given on by a shorthand';
  }
  return () => writeSeveral(program, { call, name, signal, list, inner });
}

function writeSeveral(program, { call, name, signal, list, inner = [] }) {
  program.replace(call.node.callee, program.name(name, '@ambit/core'));
  program.edits.remove(signal.node.start, list.node.start);
  for (const element of list.get('elements')) {
    const isUsed = inner.some((path) => path.isDescendant(element));
    program.edits.appendRight(element.node.start, isUsed ? '(task) => ' : '() => ');
  }
  for (const path of inner) program.replace(path.node, 'task.signal');
  program.edits.appendLeft(list.node.end, `, ${asOption(program, signal)}`);
}
