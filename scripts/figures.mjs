// Draws docs/diagrams/costs.svg: a few figures of docs/benchmarks.md, for the README and the home page, on the newest Node that
// was measured. `--check` writes nothing, and fails if the drawing is out of date. `npm run samples` and `npm run bench` call it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** The headings of the page, each with the contenders to show beside Ambit, which is always first. */
const SHOWN = {
  'Spawn tasks and join them': ['Promise.all', 'Effect.forEach', 'effection'],
  'Map, 16 at a time': ['p-map', 'p-limit', 'Effect.forEach'],
  'A time limit around a short operation': [
    'p-timeout',
    'AbortSignal.any + timeout',
    'Effect.timeout',
  ],
  'Cancel sleepers and wait for their end': ['an AbortController each', 'Effect', 'effection'],
  'The bundle of run, taskGroup, timeout, sleep and gather': [
    'Effect: runPromise, forEach, timeout, sleep, all',
    'effection: run, spawn, sleep, all, race',
    'p-limit, p-map, p-queue and p-timeout',
  ],
};

/** Shorter names, where those of the page are too long for the drawing. */
const NAMES = {
  'The bundle of run, taskGroup, timeout, sleep and gather': 'Size of a bundle, compressed',
  '@ambit/core, these five': '@ambit/core, five functions',
  'Effect: runPromise, forEach, timeout, sleep, all': 'Effect, likewise',
  'effection: run, spawn, sleep, all, race': 'effection, likewise',
  'p-limit, p-map, p-queue and p-timeout': 'four p-* packages',
};

const WIDTH = 520;
const LABELS = 190;
const FIGURES = 64;
const BAR = 13;
const STEP = 19;
const HEAD = 30;

// The site has these classes in colours of its own (docs/.vitepress/theme/site.css).
const STYLE =
  '.t{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-weight:600}.s{font-size:12px;fill:#52606d}.end{text-anchor:end}.start{text-anchor:start}' +
  '.bar{fill:#b9bfca}.ours{fill:#0f766e}.one{stroke:#0f766e;stroke-dasharray:3 3}' +
  '@media(prefers-color-scheme:dark){.t{fill:#e4e7eb}.s{fill:#9aa5b1}.bar{fill:#52606d}.ours{fill:#2dd4bf}.one{stroke:#2dd4bf}}';

/** @param {string} page @param {string} title @param {string[]} others */
function groupOf(page, title, others) {
  const section = page.split(`\n### ${title}\n`)[1]?.split('\n### ')[0];
  if (section === undefined) throw new Error(`docs/benchmarks.md has no figures for "${title}"`);
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const column = head.findLastIndex((cell) => cell.startsWith('Node '));
  const [, unit = ''] = head[column]?.split(': ') ?? [];
  const valueOf = (row) => Number(row[column].split(' ')[0].replaceAll(',', ''));
  const [ours = [], ...peers] = rows;
  const shown = [ours, ...others.map((name) => rowOf(peers, name, title))];
  const bars = shown.map((row) => ({
    name: NAMES[row[1]] ?? row[1],
    value: valueOf(row),
    times: valueOf(row) / valueOf(ours),
  }));
  return { title: NAMES[title] ?? title, unit, node: head[column].split(':')[0], bars };
}

function rowOf(rows, name, title) {
  const row = rows.find((cells) => cells[1] === name);
  if (row === undefined) throw new Error(`docs/benchmarks.md has no "${name}" in "${title}"`);
  return row;
}

/** Horizontal bars on a logarithmic scale: how much more, or less, each contender takes than Ambit. */
function drawing(groups) {
  const all = groups.flatMap(({ bars }) => bars.map(({ times }) => times));
  const [from, to] = [Math.log(Math.min(...all) * 0.8), Math.log(Math.max(...all))];
  const scale = (times) =>
    Math.round(LABELS + ((Math.log(times) - from) / (to - from)) * (WIDTH - LABELS - FIGURES));
  let y = 4;
  const parts = groups.flatMap(({ title, unit, bars }) => {
    const lines = [`<text class="t start title" x="4" y="${y + 14}">${title}</text>`];
    bars.forEach(({ name, value, times }, at) => {
      const top = y + HEAD - 8 + at * STEP;
      const end = scale(times);
      lines.push(
        `<text class="t s end" x="${LABELS - 8}" y="${top + BAR - 2}">${name}</text>` +
          `<rect class="${at === 0 ? 'bar ours' : 'bar'}" x="${LABELS}" y="${top}" width="${end - LABELS}" height="${BAR}" rx="2"/>` +
          `<text class="t s start" x="${end + 5}" y="${top + BAR - 2}">${Number(value.toPrecision(2))} ${unit}</text>`,
      );
    });
    y += HEAD + bars.length * STEP + 4;
    return lines;
  });
  const title = `Processor time for each operation, and bundle sizes, on ${groups[0].node}`;
  parts.push(`<text class="t s start" x="4" y="${y + 10}">${title}</text>`);
  y += 18;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="narrow" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}">`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    `<line class="one" x1="${scale(1)}" y1="4" x2="${scale(1)}" y2="${y - 8}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
const file = join(root, 'docs/diagrams/costs.svg');
const svg = drawing(Object.entries(SHOWN).map(([title, others]) => groupOf(page, title, others)));
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== svg) {
    console.log('docs/diagrams/costs.svg is out of date: npm run samples');
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, svg);
}
