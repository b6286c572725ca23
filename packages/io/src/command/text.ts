/** A text of the program without what a terminal would obey: for example an escape sequence in the name of a task. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
}

export function formatMs(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** Of a character: East Asian ones and pictures take two columns, marks on the one before take none. */
function columnsOf(character: string): number {
  if (/^(?:\p{Mark}|[\u200b-\u200f])/u.test(character)) return 0;
  return /^(?:[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}])/u.test(
    character,
  )
    ? 2
    : 1;
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** A text in a number of columns: what is too long is cut and ends with `…`, what is too short is filled up. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const width = widthOf(text);
  if (width <= columns) {
    const filling = ' '.repeat(columns - width);
    return align === 'left' ? text + filling : filling + text;
  }
  return columns < 1 ? '' : cut(text, columns);
}

function cut(text: string, columns: number): string {
  let kept = '';
  let width = 0;
  for (const character of text) {
    const next = columnsOf(character);
    if (width + next > columns - 1) break;
    kept += character;
    width += next;
  }
  return `${kept}…${' '.repeat(columns - width - 1)}`;
}

/** A text as lines of a number of columns, broken between words. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((each) => fit(each, columns).trimEnd());
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A line of bars, one for each value, the last ones that have room. `most`: what a full bar means. */
export function sparkline(values: readonly number[], columns: number, most: number): string {
  const bars = values.slice(-columns).map((value) => {
    const height = most <= 0 ? 0 : Math.min(value / most, 1);
    return BARS[Math.min(Math.floor(height * BARS.length), BARS.length - 1)] ?? ' ';
  });
  return bars.join('').padStart(columns);
}
