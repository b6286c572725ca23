import type { Outcome } from './table.ts';

const WIDTH = 860;
const LABELS = 270;
const FIGURES = 70;
const BAR = 14;
const STEP = 20;
const HEAD = 34;

/** Horizontal bars on a logarithmic scale: how much more, or less, each contender takes than ours. */
export function chartOf(outcomes: readonly Outcome[]): string {
  const all = outcomes.flatMap(({ rows }) => rows.map(({ times }) => times));
  const scale = scaleFor(Math.min(...all, 0.5), Math.max(...all, 2));
  const parts: string[] = [];
  let y = 10;
  for (const outcome of outcomes) {
    parts.push(groupAt(y, outcome, scale));
    y += HEAD + outcome.rows.length * STEP;
  }
  const one = scale(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img" aria-label="What each takes, by what Ambit takes">`,
    `<style>${STYLE}</style>`,
    `<line class="one" x1="${one}" y1="10" x2="${one}" y2="${y}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const STYLE =
  'text{font:13px system-ui,sans-serif;fill:#333}.title{font-weight:600}.figure{font-size:12px;fill:#666}' +
  '.bar{fill:#b9bfca}.ours{fill:#4463d8}.one{stroke:#4463d8;stroke-dasharray:3 3}' +
  '@media(prefers-color-scheme:dark){text{fill:#ddd}.figure{fill:#aaa}.bar{fill:#5b6270}.ours,.one{fill:#8ba2ff;stroke:#8ba2ff}}';

type Scale = (times: number) => number;

function scaleFor(least: number, most: number): Scale {
  const [from, to] = [Math.log(least * 0.8), Math.log(most * 1.1)];
  const room = WIDTH - LABELS - FIGURES;
  return (times) => Math.round(LABELS + ((Math.log(times) - from) / (to - from)) * room);
}

function groupAt(y: number, { title, rows, unit }: Outcome, scale: Scale): string {
  const bars = rows.map(({ name, times, median }, at) => {
    const top = y + HEAD - 10 + at * STEP;
    const end = Math.max(scale(times), LABELS + 2);
    const text = `${Number(median.toPrecision(2)).toLocaleString('en')} ${unit}`;
    return [
      `<text x="${LABELS - 8}" y="${top + BAR - 3}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${at === 0 ? 'bar ours' : 'bar'}" x="${LABELS}" y="${top}" width="${end - LABELS}" height="${BAR}" rx="2"/>`,
      `<text class="figure" x="${end + 5}" y="${top + BAR - 3}">${escaped(text)}</text>`,
    ].join('');
  });
  return [`<text class="title" x="10" y="${y + 14}">${escaped(title)}</text>`, ...bars].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
