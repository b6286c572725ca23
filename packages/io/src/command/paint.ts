/** What a part of the screen is, by the colours that a terminal has for it. */
const STYLES = {
  title: '1',
  quiet: '2',
  alarm: '1;97;41',
  bad: '1;31',
  doubtful: '33',
  crowd: '30;43',
  good: '32',
  figure: '36',
  head: '7',
} as const;
export type Style = keyof typeof STYLES;

/** Writes a text in a style. */
export type Paint = (style: Style, text: string) => string;

/** With the escape sequences of ANSI. */
export const coloured: Paint = (style, text) =>
  text === '' ? '' : `\u001b[${STYLES[style]}m${text}\u001b[0m`;

export const uncoloured: Paint = (_style, text) => text;
