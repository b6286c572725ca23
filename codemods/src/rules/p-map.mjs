import { endOf, isFunction, literalOptions, plainArguments } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';

/** `pMap(items, fn, { concurrency })` becomes `concurrentMap(items, fn, { limit })`. */
export function moveMap(program) {
  leaveOthers(program, ['default']);
  const skips = program.uses.some(({ imported }) => imported === 'pMapSkip');
  eachCall(program, ['default'], (call) => {
    if (skips) return 'the file uses `pMapSkip`; filter the results of concurrentMap instead';
    const [items, fn, options, ...more] = plainArguments(call) ?? [];
    if (fn === undefined || more.length > 0) return 'its arguments are spread or typed';
    if (mayHavePromises(items)) {
      return 'its items may be promises, which p-map waits for and concurrentMap does not';
    }
    const read = literalOptions(options);
    const unknown = read && [...read.keys()].find((key) => !known.includes(key));
    if (read === undefined) return 'its options are not written in place';
    if (unknown !== undefined) return `concurrentMap has no option \`${unknown}\``;
    return () => {
      program.replace(call.node.callee, program.name('concurrentMap', '@ambit/core'));
      writeLimit(program, { fn, options, read });
    };
  });
}

const known = ['concurrency', 'signal'];

function mayHavePromises(items) {
  if (items.isNewExpression()) return false;
  if (items.isArrayExpression()) {
    return items.get('elements').some((each) => each.isCallExpression() || each.isSpreadElement());
  }
  const [fn] = items.isCallExpression() ? items.get('arguments') : [];
  return fn !== undefined && isFunction(fn) && fn.node.async;
}

function writeLimit(program, { fn, options, read }) {
  const limit = read.get('concurrency')?.node;
  if (limit?.shorthand) program.edits.appendRight(limit.start, 'limit: ');
  else if (limit !== undefined) program.replace(limit.key, 'limit');
  else if (options === undefined) {
    program.edits.appendLeft(endOf(program, fn.node), ', { limit: Infinity }');
  } else {
    program.edits.appendLeft(
      options.node.start + 1,
      read.size > 0 ? ' limit: Infinity,' : ' limit: Infinity ',
    );
  }
}
