/** A key that was pressed: its name, or the character that it writes. */
export type Key =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'escape'
  | 'enter'
  | 'backspace'
  | 'interrupt'
  | 'suspend'
  | { readonly text: string };

const NAMED: Readonly<Record<string, Key>> = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b[H': 'home',
  '\u001b[1~': 'home',
  '\u001bOH': 'home',
  '\u001b[F': 'end',
  '\u001b[4~': 'end',
  '\u001bOF': 'end',
  '\u001b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'interrupt',
  '\u0004': 'interrupt',
  '\u001a': 'suspend',
};

/** The keys in what a terminal in raw mode sends. Those without a meaning are left out. */
export function keysIn(input: string): Key[] {
  // eslint-disable-next-line no-control-regex
  const parts = input.match(/\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Z])?|[^\u001b]/gu) ?? [];
  return parts.flatMap((part) => {
    const key = NAMED[part];
    if (key !== undefined) return key;
    // eslint-disable-next-line no-control-regex
    return /^[\u0000-\u001f\u001b]/.test(part) ? [] : { text: part };
  });
}
