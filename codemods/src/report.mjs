import { ruleNames } from './transform.mjs';

/** What was done in each file, and then the counts of each rule. */
export function report(results, { dry }) {
  const lines = results.flatMap(linesOf);
  const changed = results.filter(({ isChanged }) => isChanged);
  const broken = results.filter(({ error }) => error !== undefined).length;
  for (const rule of ruleNames) {
    const count = (key) =>
      results.flatMap((result) => result[key]).filter((site) => site.rule === rule).length;
    const [moved, left] = [count('moved'), count('left')];
    if (moved + left > 0) lines.push(`${rule}: ${moved} moved, ${left} left`);
  }
  const does = dry ? 'would change' : 'changed';
  lines.push(`${results.length} files: ${changed.length} ${does}, ${broken} could not be read`);
  const packages = ['@ambit/core', '@ambit/sync'].filter((name) => isNew(changed, name));
  if (packages.length > 0) {
    lines.push(`next: npm install ${packages.join(' ')}, run your formatter, and run your tests`);
  }
  return `${lines.join('\n')}\n`;
}

function linesOf({ path, moved, left, error }) {
  if (error !== undefined) return [`${path}: ${error.message}`];
  return [
    ...moved.map(({ rule, line }) => `${path}:${line} ${rule}: moved`),
    ...left.map(({ rule, line, reason }) => `${path}:${line} ${rule}: left, because ${reason}`),
  ];
}

function isNew(changed, name) {
  return changed.some(({ source, code }) => code.includes(name) && !source.includes(name));
}
