import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { editorForm, projectOf } from '../build/editor.mjs';
import { moved, siteLink } from '../build/repository.mjs';
import { samplesForBrowsers } from '../build/samples.data.mjs';

const docs = join(import.meta.dirname, '..');

/** The comment above a program. */
const NAMED = /^<!-- examples\/([\w/-]+)\.ts#[\w-]+ -->$/m;

/** Our additions to VitePress's Markdown. Pages that use them can be read in the repository too. */
export function extend(md: MarkdownRenderer): void {
  const names = readNames();
  const inBrowsers = new Set(samplesForBrowsers());
  // Sections of files outside of docs/, which are written once.
  md.core.ruler.before('normalize', 'ambit-section', (state) => {
    const own = posix.join('docs', String(state.env.relativePath));
    state.src = state.src.replace(
      /^<!--@section: (\S+) (.*)-->$/gm,
      (_, file: string, title: string) => {
        const path = posix.join(posix.dirname(own), file);
        const text = readFileSync(join(docs, '..', path), 'utf8');
        return moved(sectionOf(text, title), path, own);
      },
    );
  });
  md.core.ruler.push('ambit', (state) => {
    const page = String(state.env.relativePath);
    const linked = new Set<string>();
    state.tokens = state.tokens.flatMap((block, at, all) => {
      if (block.type !== 'fence') return [block];
      const name = NAMED.exec(all[at - 1]?.content ?? '')?.[1] ?? '';
      const ways = waysToRun(name);
      return ways === undefined ? [block] : [block, ways];
    });
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

    /** The ways to the playground and to an online editor, under a program that runs there. */
    function waysToRun(name: string): Token | undefined {
      const files = projectOf(name);
      const ways = [
        inBrowsers.has(name) &&
          `<a href="/playground.html?program=${name}">Run it in the playground</a>`,
        files !== undefined && editorForm(name, files, (text) => md.utils.escapeHtml(text)),
      ].filter((way) => way !== false);
      if (ways.length === 0) return undefined;
      const html = new state.Token('html_block', '', 0);
      html.content = `<div class="trial">${ways.join('')}</div>\n`;
      return html;
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
