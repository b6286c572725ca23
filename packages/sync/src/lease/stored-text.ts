/** A character that is none: Unicode keeps it for uses like this one. */
const ESCAPE = '\uFFFE';
const FOREIGN = /[\0\uFFFE\p{Surrogate}]/gu;
const ESCAPED = /\uFFFE([0-9a-f]{4})/g;

/**
 * A name as every store can keep it. PostgreSQL's text has no NUL, and UTF-8 has no half of a pair of surrogates: clients
 * would send another character for it, and two names would become one.
 */
export function storedText(text: string): string {
  return text.replace(
    FOREIGN,
    (character) => ESCAPE + character.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}

/** The name that {@link storedText} was given. */
export function originalText(stored: string): string {
  return stored.replace(ESCAPED, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
