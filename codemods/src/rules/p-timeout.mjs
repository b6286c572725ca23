import { hasEffectOfPlace, isUsedAtOnce, literalOptions, plainArguments } from '../syntax.mjs';
import { eachCall, everyCall, leaveOthers } from './calls.mjs';

/**
 * `pTimeout(promise, { milliseconds })` becomes `waitFor(promise, ms)`; with a message, `timeout` around `abortable`. Both
 * stop waiting for a promise that goes on, as p-timeout does.
 */
export function moveTimeout(program) {
  leaveOthers(program, ['default', 'TimeoutError']);
  const compares = program.uses.some(({ imported }) => imported === 'TimeoutError');
  const isWhole =
    !compares || everyCall(program, ['default'], (call) => typeof plan(program, call) !== 'string');
  eachCall(program, ['default'], (call) => {
    const result = plan(program, call);
    if (isWhole || typeof result === 'string') return result;
    return 'the file compares errors with `TimeoutError`, and another call of p-timeout is left';
  });
  if (isWhole) moveErrors(program);
}

function plan(program, call) {
  const [promise, options, message, ...more] = plainArguments(call) ?? [];
  if (options === undefined || more.length > 0) return 'its arguments are spread or typed';
  if (!isUsedAtOnce(call)) return 'its promise is kept, and its `clear()` may be called';
  const read = options.isObjectExpression()
    ? literalOptions(options)
    : byPosition(options, message);
  const reason = read === undefined ? 'its options are not written in place' : refuse(read);
  if (reason !== undefined) return reason;
  if (read.has('message') && hasEffectOfPlace(promise)) return 'its promise is made by a wait';
  return () => write(program, { call, promise, read });
}

/** Up to version 5: `pTimeout(promise, ms, message)`. A name may be that of an object of options. */
function byPosition(ms, message) {
  if (!ms.isNumericLiteral() && !ms.isBinaryExpression()) return undefined;
  const entries = [['milliseconds', { node: { value: ms.node } }]];
  if (message !== undefined) entries.push(['message', { node: { value: message.node } }]);
  return new Map(entries);
}

function refuse(read) {
  const unknown = [...read.keys()].find(
    (key) => !['milliseconds', 'message', 'signal'].includes(key),
  );
  if (unknown !== undefined) return `there is no option \`${unknown}\``;
  const ms = read.get('milliseconds')?.node.value;
  if (ms === undefined || ms.name === 'Infinity') return 'it has no limit of time';
  const message = read.get('message')?.node.value;
  const isText = /^(StringLiteral|TemplateLiteral)$/.test(message?.type ?? 'StringLiteral');
  if (!isText && message.value !== false) return 'its message is not a text';
  return undefined;
}

function write(program, { call, promise, read }) {
  const last = call.node.arguments.at(-1);
  const text = (key) => read.has(key) && program.text(read.get(key).node.value);
  const extra = [text('signal') && `signal: ${text('signal')}`];
  const cut = (end) => program.edits.overwrite(promise.node.end, last.end, end);
  if (!read.has('message')) {
    program.replace(call.node.callee, program.name('waitFor', '@ambit/core'));
    cut(`, ${text('milliseconds')}${braced(extra)}`);
    return;
  }
  const isQuiet = text('message') === 'false';
  const outer = program.name(isQuiet ? 'moveOnAfter' : 'timeout', '@ambit/core');
  const inner = program.name('abortable', '@ambit/core/abort');
  if (!isQuiet) extra.unshift(`message: ${text('message')}`);
  program.replace(call.node.callee, outer);
  program.edits.appendRight(promise.node.start, `${text('milliseconds')}, () => ${inner}(`);
  cut(`)${braced(extra)}`);
}

function braced(parts) {
  const all = parts.filter((part) => part !== false);
  return all.length > 0 ? `, { ${all.join(', ')} }` : '';
}

/** Once every call is moved, only our error can come. */
function moveErrors(program) {
  for (const { imported, binding } of program.uses) {
    if (imported !== 'TimeoutError') continue;
    for (const path of binding?.referencePaths ?? []) {
      program.replace(path.node, program.name('TimeoutError', '@ambit/core'));
      program.done.add(path.node);
      program.noteMoved(path.node);
    }
  }
}
