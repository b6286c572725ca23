import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { answerApi } from './api.ts';
import { Refusal } from './shop.ts';
import type { Shop } from './shop.ts';

export interface ServeOptions {
  readonly port: number;
  /** Where the built apps are. */
  readonly site: string;
  readonly onListening: (address: HttpAddress) => void;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.map': 'application/json',
};

/** Serves the apps and the shop's API, until the scope around it ends. */
export function serveApps(shop: Shop, { port, site, onListening }: ServeOptions): Promise<void> {
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (request.url?.startsWith('/api/') === true) await answerApi(shop, request, response);
      else await answerFile(site, request, response);
    } catch (error) {
      if (!(error instanceof Refusal) || response.headersSent) throw error;
      response.writeHead(error.status, { 'content-type': 'text/plain' }).end(error.message);
    }
  };
  return serveHttp(handler, { port, host: '127.0.0.1', grace: 500, onListening });
}

async function answerFile(
  site: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') {
    response.writeHead(302, { location: '/react/' }).end();
    return;
  }
  const path = normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  try {
    const body = await readFile(join(site, path));
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(body);
  } catch (error) {
    if (!['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new Refusal(404, 'There is no such page.');
  }
}
