// TypeDoc gives each part of a docstring a heading of its own: "Returns", "Throws", "Get Signature". A page of those is
// mostly headings. Here they become labels in the running text, and what the signature says already goes.

/** Code that can occur in a heading and is not a public name. */
const parts = {
  'Call Signature': (text) => text,
  'Get Signature': (text) => text,
  'Set Signature': (text) => text,
  Example: (text) => text,
  Accessors: (text) => text,
  Constructors: (text) => text,
  Methods: (text) => text,
  Properties: (text) => text,
  'Type Declaration': (text) => text,
  Parameters: (text) => (text.includes('| Description |') ? text : ''),
  Returns: (text) => label('Returns', withoutTypes(text)),
  Throws: (text) => label('Throws', text),
  Default: (text) => label('Default', text),
  'Default Value': (text) => label('Default', text),
  // Said by the signature, or about classes that no door exports.
  'Type Parameters': () => '',
  Extends: () => '',
  'Extended by': () => '',
  Implements: () => '',
  'Implementation of': () => '',
  'Inherited from': () => '',
  Overrides: () => '',
};

/** A door's page, from what typedoc-plugin-markdown wrote for it. */
export function readable(markdown) {
  const sections = markdown.replaceAll(/^\*\*\*\n/gm, '').split(/^(?=#{2,6} )/m);
  return (
    sections
      .map(readableSection)
      .join('')
      // The members of a name that is beta are, too.
      .replaceAll(/^(\|.*\| )\*\*`Beta`\*\* /gm, '$1')
      .replaceAll(/\n{3,}/g, '\n\n')
  );
}

function readableSection(section) {
  const [, hashes, title, text] = /^(#+) (.*)\n([^]*)$/.exec(section) ?? [];
  if (hashes === undefined) return section;
  // Private by their name, or of no use to readers.
  if (/^(\\_|\\\[toStringTag)/.test(title)) return '';
  const part = parts[title];
  if (part !== undefined) return part(text);
  // The members of a class stand right under it, without a heading for each kind of them.
  const level = hashes.length > 3 ? '###' : hashes;
  return `${level} ${title === 'Constructor' ? 'new' : title}\n${text}`;
}

function label(name, text) {
  const body = text.trim();
  if (body === '') return '';
  return `**${name}** ${body}\n\n`;
}

/** Of the paragraphs about a result, those that are more than its type. */
function withoutTypes(text) {
  return text
    .trim()
    .split('\n\n')
    .filter((paragraph) => !isType(paragraph))
    .join('\n\n');
}

function isType(paragraph) {
  const words = paragraph
    .replaceAll(/\[(`[^`]*`)\]\([^)]*\)/g, '$1')
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/\b(readonly|is|asserts|keyof|extends|unique|infer|typeof|new)\b/g, '');
  return !/[A-Za-z]/.test(words);
}

/** The ids that VitePress gives to the headings of a page, in their order: `[{ level, title, id }]`. */
export function headingsOf(markdown) {
  const seen = new Map();
  return [...markdown.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^(##+) (.*)$/gm)].map(
    ([, hashes, title]) => {
      const slug = title
        .replaceAll(/\\/g, '')
        .replaceAll(/[^\w\s-]/g, '')
        .trim()
        .toLowerCase();
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return { level: hashes.length, title, id: times === 0 ? slug : `${slug}-${times}` };
    },
  );
}
