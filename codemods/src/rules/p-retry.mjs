import { literalOptions, plainArguments } from '../syntax.mjs';
import { eachCall, leaveOthers } from './calls.mjs';

/** `pRetry(fn, { retries })` becomes `retry(fn, { attempts })`, with the pauses that p-retry makes. */
export function moveRetry(program) {
  leaveOthers(program, ['default']);
  const aborts = program.uses.some(({ imported }) => imported === 'AbortError');
  eachCall(program, ['default'], (call) => {
    if (aborts) return 'the file throws `AbortError`; give `retry` a `when` instead';
    const [fn, options, ...more] = plainArguments(call) ?? [];
    if (fn === undefined || more.length > 0) return 'its arguments are spread or typed';
    const read = literalOptions(options);
    if (read === undefined) return 'its options are not written in place';
    const unknown = [...read.keys()].find((key) => !known.includes(key));
    if (unknown !== undefined) return `\`${unknown}\` works in another way in \`retry\``;
    return () => {
      const text = policy((key) => read.has(key) && program.text(read.get(key).node.value));
      program.replace(call.node.callee, program.name('retry', '@ambit/core'));
      if (options === undefined) program.edits.appendLeft(fn.node.end, `, ${text}`);
      else program.replace(options.node, text);
    };
  });
}

const known = ['retries', 'minTimeout', 'maxTimeout', 'factor', 'randomize', 'signal'];

/** All of it is written out, since the defaults of the two are different. */
function policy(given) {
  const parts = [
    `attempts: ${attempts(given('retries') || '10')}`,
    `delay: ${given('minTimeout') || '1000'}`,
    `factor: ${given('factor') || '2'}`,
    `maxDelay: ${given('maxTimeout') || 'Infinity'}`,
    `jitter: ${jitter(given('randomize') || 'false')}`,
  ];
  if (given('signal')) parts.push(`signal: ${given('signal')}`);
  return `{ ${parts.join(', ')} }`;
}

function attempts(retries) {
  if (/^\d+$/.test(retries)) return String(Number(retries) + 1);
  return /^[\w.]+$/.test(retries) ? `${retries} + 1` : `(${retries}) + 1`;
}

function jitter(randomize) {
  if (randomize === 'false') return "'none'";
  return randomize === 'true' ? "'full'" : `${randomize} ? 'full' : 'none'`;
}
