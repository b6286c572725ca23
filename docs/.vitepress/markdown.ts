import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { siteLink } from '../build/repository.mjs';

const docs = join(import.meta.dirname, '..');

/** What our pages have beyond VitePress's Markdown. All of it reads well in the repository too. */
export function extend(md: MarkdownRenderer): void {
  const names = readNames();
  // Sections of files outside of docs/, which are written once.
  md.core.ruler.before('normalize', 'ambit-section', (state) => {
    const folder = join(docs, dirname(String(state.env.relativePath)));
    state.src = state.src.replace(
      /^<!--@section: (\S+) (.*)-->$/gm,
      (_, file: string, title: string) =>
        sectionOf(readFileSync(join(folder, file), 'utf8'), title),
    );
  });
  md.core.ruler.push('ambit', (state) => {
    const page = String(state.env.relativePath);
    const linked = new Set<string>();
    for (const block of state.tokens) {
      if (block.type === 'heading_open' && block.tag === 'h2') linked.clear();
      if (block.type !== 'inline' || block.children === null) continue;
      const isHeading = state.tokens[state.tokens.indexOf(block) - 1]?.type === 'heading_open';
      let depth = 0;
      block.children = block.children.flatMap((token) => {
        if (token.type === 'link_open') {
          depth += 1;
          const href = siteLink(page, String(token.attrGet('href')));
          if (href !== undefined) token.attrSet('href', href);
        } else if (token.type === 'link_close') {
          depth -= 1;
        } else if (token.type === 'image') {
          return [drawn(token, page)];
        } else if (token.type === 'code_inline' && depth === 0 && !isHeading) {
          return withLink(token, page, linked);
        }
        return [token];
      });
    }

    /** A public name leads to its place in the reference, once in a section. */
    function withLink(token: Token, whose: string, done: Set<string>): Token[] {
      const [, name = ''] = /^(?:new )?(\w+)(?:\(.*\))?$/.exec(token.content) ?? [];
      const place = Object.hasOwn(names, name) ? names[name] : undefined;
      if (place === undefined || done.has(name) || !isProse(whose)) return [token];
      done.add(name);
      const open = new state.Token('link_open', 'a', 1);
      open.attrSet('href', place);
      open.attrSet('class', 'name');
      return [open, token, new state.Token('link_close', 'a', -1)];
    }

    /** A drawing becomes part of the page, so that it has the page's colours, in the dark too. */
    function drawn(token: Token, whose: string): Token {
      const source = String(token.attrGet('src'));
      if (!source.endsWith('.svg')) return token;
      const svg = readFileSync(join(docs, dirname(whose), source), 'utf8');
      const html = new state.Token('html_inline', '', 0);
      const label = md.utils.escapeHtml(token.content);
      const bare = svg.replace(/<style>[^]*?<\/style>/, '').replace(/\s*\n\s*/g, ' ');
      html.content = `<span class="diagram" role="img" aria-label="${label}">${bare}</span>`;
      return html;
    }

    type Token = InstanceType<typeof state.Token>;
  });
}

function sectionOf(text: string, title: string): string {
  const [, rest] = text.split(`\n## ${title}\n`);
  if (rest === undefined) throw new Error(`there is no section "${title}"`);
  return `## ${title}\n${rest.split('\n## ')[0]}`;
}

function isProse(page: string): boolean {
  return !/^(reference|decisions)\//.test(page);
}

function readNames(): Record<string, string> {
  return JSON.parse(readFileSync(join(docs, 'reference/names.json'), 'utf8')) as Record<
    string,
    string
  >;
}
