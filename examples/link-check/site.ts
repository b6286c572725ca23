import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, resolve, sep } from 'node:path';
import { defineResource, TaskGroup } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { Marked } from 'marked';
import { gfmHeadingId } from 'marked-gfm-heading-id';

/** The site to check: one on the web, or files that are served on a port of this machine. */
export type Target =
  | { readonly is: 'url'; readonly url: URL }
  /** `start`: files and directories in `root` where the crawl begins. */
  | { readonly is: 'folder'; readonly root: string; readonly start: readonly string[] };

export interface Site {
  /** Where the crawl begins. */
  readonly seeds: readonly URL[];
  readonly origin: string;
  /** How an address is called in the report. */
  nameOf(url: URL): string;
}

/** The site, as a resource: the server of a directory runs until the last use has ended. */
export const openSite = defineResource(async function* openSite(
  target: Target,
): AsyncGenerator<Site, void> {
  if (target.is === 'url') {
    yield { seeds: [target.url], origin: target.url.origin, nameOf: (url) => url.href };
    return;
  }
  await using server = new TaskGroup({ name: 'the server' });
  const handler = ({ url }: IncomingMessage, response: ServerResponse): Promise<void> =>
    serve(target.root, url, response);
  const { port } = await server.start<HttpAddress>((task, started) =>
    serveHttp(handler, { port: 0, host: '127.0.0.1', grace: 0, onListening: started }),
  );
  yield await siteOf(target, `http://127.0.0.1:${port}`);
  server.cancel();
});

async function siteOf({ root, start }: Target & { is: 'folder' }, origin: string): Promise<Site> {
  const files = await Promise.all(start.map((path) => pagesIn(join(root, path))));
  const addressOf = (file: string): URL =>
    new URL(relative(root, file).split(sep).map(encodeURIComponent).join('/'), `${origin}/`);
  return {
    seeds: files.flat().map(addressOf),
    origin,
    nameOf: ({ origin: whose, href, pathname }) =>
      whose === origin ? decodeURIComponent(pathname.slice(1)) : href,
  };
}

/** The HTML and Markdown files at a path, which may be missing. */
async function pagesIn(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const pages: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) pages.push(...(await pagesIn(join(path, entry.name))));
    else if (isPage(entry.name)) pages.push(join(path, entry.name));
  }
  return pages;
}

function isPage(file: string): boolean {
  return ['.md', '.markdown', '.html', '.htm'].includes(extname(file));
}

/** Renders Markdown. A directory shows its index, or else its entries, as usual hosts do. */
async function serve(
  root: string,
  address: string | undefined,
  response: ServerResponse,
): Promise<void> {
  try {
    const { pathname } = new URL(address ?? '/', 'http://localhost');
    const file = resolve(join(root, decodeURIComponent(pathname)));
    if (file !== root && !file.startsWith(root + sep)) throw new Error('outside of the directory');
    if (!(await stat(file)).isDirectory()) await sendFile(file, response);
    else if (!pathname.endsWith('/')) response.writeHead(301, { location: `${pathname}/` }).end();
    else await sendFolder(file, response);
  } catch {
    response.writeHead(404).end();
  }
}

async function sendFolder(folder: string, response: ServerResponse): Promise<void> {
  const names = await readdir(folder);
  const index = ['index.html', 'index.md', 'README.md'].find((name) => names.includes(name));
  if (index !== undefined) await sendFile(join(folder, index), response);
  else response.writeHead(200, { 'content-type': 'text/plain' }).end(names.join('\n'));
}

async function sendFile(file: string, response: ServerResponse): Promise<void> {
  const content = await readFile(file);
  const type = isPage(file) ? 'text/html; charset=utf-8' : 'application/octet-stream';
  response.writeHead(200, { 'content-type': type });
  response.end(/^\.(md|markdown)$/.test(extname(file)) ? render(content.toString()) : content);
}

// Headings get the ids that GitHub gives them.
const markdown = new Marked(gfmHeadingId());

function render(text: string): string {
  return markdown.parse(text, { async: false });
}
