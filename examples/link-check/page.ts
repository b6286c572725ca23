import { Parser } from 'htmlparser2';

export interface Page {
  /** Each link once: as it is written, and where it leads. */
  readonly links: ReadonlyMap<string, URL>;
  /** What a `#fragment` can point to. */
  readonly anchors: ReadonlySet<string>;
}

const linkAttributes: Readonly<Record<string, string>> = {
  a: 'href',
  area: 'href',
  audio: 'src',
  embed: 'src',
  iframe: 'src',
  img: 'src',
  link: 'href',
  script: 'src',
  source: 'src',
  video: 'src',
};

export function readPage(html: string, url: URL): Page {
  const links = new Map<string, URL>();
  const anchors = new Set<string>();
  let base = url;

  const onopentag = (tag: string, attributes: Readonly<Record<string, string>>): void => {
    const { id, name, href } = attributes;
    if (id !== undefined) anchors.add(id);
    if (tag === 'a' && name !== undefined) anchors.add(name);
    if (tag === 'base' && href !== undefined) base = resolveUrl(href, url) ?? url;
    const link = attributes[linkAttributes[tag] ?? '']?.trim();
    if (link === undefined || isHint(tag, attributes)) return;
    const target = resolveUrl(link, base);
    // Not mailto:, tel:, data: and their like.
    if (target?.protocol === 'http:' || target?.protocol === 'https:') links.set(link, target);
  };

  const parser = new Parser({ onopentag });
  parser.end(html);
  return { links, anchors };
}

/** Undefined if it is none. */
export function resolveUrl(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
}

/** `<link rel="preconnect">` names a host, not a document. */
function isHint(tag: string, { rel }: Readonly<Record<string, string>>): boolean {
  return tag === 'link' && (rel === 'preconnect' || rel === 'dns-prefetch');
}

/** Whether a page with these anchors has what the fragment (with its `#`) asks for. */
export function hasAnchor(anchors: ReadonlySet<string>, fragment: string): boolean {
  const name = fragment.slice(1);
  // The top is always there, and `#:~:text=` is found by the browser.
  if (name === '' || name === 'top' || name.startsWith(':~:')) return true;
  return anchors.has(name) || anchors.has(decoded(name));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
