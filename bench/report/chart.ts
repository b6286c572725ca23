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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img" aria-label="The time of each contender, divided by the time of Ambit">`,
    `<style>${STYLE}</style>`,
    `<line class="one" x1="${one}" y1="10" x2="${one}" y2="${y}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

// The site has these classes in colours of its own (docs/.vitepress/theme/site.css).
const STYLE =
  '.t{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-weight:600}.s{font-size:12px;fill:#52606d}' +
  '.end{text-anchor:end}.bar{fill:#b9bfca}.ours{fill:#0f766e}.one{stroke:#0f766e;stroke-dasharray:3 3}' +
  '@media(prefers-color-scheme:dark){.t{fill:#e4e7eb}.s{fill:#9aa5b1}.bar{fill:#52606d}.ours{fill:#2dd4bf}.one{stroke:#2dd4bf}}';

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
      `<text class="t s end" x="${LABELS - 8}" y="${top + BAR - 3}">${escaped(name)}</text>`,
      `<rect class="${at === 0 ? 'bar ours' : 'bar'}" x="${LABELS}" y="${top}" width="${end - LABELS}" height="${BAR}" rx="2"/>`,
      `<text class="t s start" x="${end + 5}" y="${top + BAR - 3}">${escaped(text)}</text>`,
    ].join('');
  });
  return [
    `<text class="t start title" x="10" y="${y + 14}">${escaped(title)}</text>`,
    ...bars,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
