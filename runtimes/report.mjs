const MARKS = { passed: '✓', failed: '✗', lacking: '–' };

/** Runtime by feature. */
export function table(columns) {
  const features = [...new Set(columns.flatMap(({ results }) => results.map((r) => r.feature)))];
  const width = Math.max(...features.map((feature) => feature.length));
  const head = [''.padEnd(width), ...columns.map(({ name }) => name)];
  const rows = features.map((feature) => [
    feature.padEnd(width),
    ...columns.map(({ name, results }) => centred(markOf(results, feature), name.length)),
  ]);
  return [head, ...rows].map((cells) => cells.join('  ').trimEnd()).join('\n');
}

function markOf(results, feature) {
  const outcomes = results.filter((r) => r.feature === feature).map((r) => r.outcome);
  if (outcomes.length === 0) return ' ';
  const outcome = ['failed', 'lacking', 'passed'].find((each) => outcomes.includes(each));
  return MARKS[outcome];
}

function centred(text, width) {
  return text.padStart(Math.ceil((width + 1) / 2)).padEnd(width);
}

/** The features that the runtimes lack, with the reasons. */
export function lacking(columns) {
  const reasons = new Map();
  for (const { name, results } of columns) {
    for (const { feature, text } of results.filter((r) => r.outcome === 'lacking')) {
      const key = `${feature}: ${text}`;
      reasons.set(key, new Set(reasons.get(key)).add(name));
    }
  }
  return [...reasons].map(([key, names]) => `– ${key} (${[...names].join(', ')})`).join('\n');
}

export function failures(columns) {
  return columns
    .flatMap(({ name, results }) =>
      results
        .filter((r) => r.outcome === 'failed')
        .map((r) => `✗ ${name}, ${r.feature}: ${r.name}\n${indented(r.text)}`),
    )
    .join('\n');
}

function indented(text) {
  return text.replaceAll(/^/gm, '    ');
}
