// The pages live in two places: on the site, and in the repository, whose file view shows them as they are. Links between
// them are written for the repository. What they link to outside of docs/ gets a page on the site too, made here.
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';

const made = 'reference/repository';

/** Files that have another page on the site already. */
const pages = { 'ARCHITECTURE.md': '/internals' };

/** Where on the site a link leads that a page has. Undefined: it stays as it is. */
export function siteLink(page, href) {
  if (/^(\w+:|\/|#)/.test(href)) return undefined;
  const [path = '', fragment] = href.split('#');
  const target = posix.join('docs', posix.dirname(page), path);
  return pageOf(target) + (fragment === undefined ? '' : `#${fragment}`);
}

function pageOf(target) {
  if (target.startsWith('docs/')) return target.slice('docs'.length);
  return pages[target] ?? `/${made}/${target.replace(/\.(?!md$)(\w+)$/, '-$1')}`;
}

/** Writes pages for the files that the docs link to, and for those which these link to. */
export function writeRepositoryPages(root) {
  const docs = join(root, 'docs');
  const waiting = markdownIn(docs).map((path) => `docs/${path}`);
  const known = new Set(waiting);
  for (const origin of waiting) {
    for (const target of linksOf(root, origin)) {
      if (target.startsWith('docs/') || target in pages || known.has(target)) continue;
      known.add(target);
      writePage(root, target);
      if (target.endsWith('.md')) waiting.push(target);
    }
  }
}

export function markdownIn(folder, under = '') {
  return readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(under, entry.name);
    if (entry.isDirectory()) {
      const isOurs = !['node_modules', 'reference', '.vitepress'].includes(entry.name);
      return isOurs ? markdownIn(folder, path) : [];
    }
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function linksOf(root, origin) {
  const text = readFileSync(join(root, origin), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
    .map(([, href]) => href)
    .filter((href) => !/^(\w+:|\/)/.test(href))
    .map((href) => posix.join(posix.dirname(origin), href));
}

function writePage(root, target) {
  const file = join(root, target);
  if (statSync(file).isDirectory())
    throw new Error(`docs: ${target} is a directory; link to a file`);
  const path = `docs${pageOf(target).replace(/\.md$/, '')}.md`;
  const page = join(root, path);
  mkdirSync(dirname(page), { recursive: true });
  const text = readFileSync(file, 'utf8');
  const body = target.endsWith('.md')
    ? moved(text, target, path)
    : `# ${target}\n\n${fenced(text, extname(target))}\n`;
  writeFileSync(page, `---\nsearch: false\noutline: 2\n---\n\n${body}`);
}

/** A text with its relative links rewritten for another place; both paths are relative to the root. */
export function moved(text, from, to) {
  return text.replaceAll(/\]\(([^)\s#]+)(#[^)\s]*)?\)/g, (link, href, fragment = '') => {
    if (/^(\w+:|\/)/.test(href)) return link;
    const target = posix.join(posix.dirname(from), href);
    return `](${posix.relative(posix.dirname(to), target)}${fragment})`;
  });
}

function fenced(text, extension) {
  const language = extension.slice(1).replace(/^[mc](?=[jt]s$)/, '');
  return `\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\``;
}
