import { serveHttp } from '../http/serve-http.ts';
import { sse } from '../http/sse.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { node } from '../node.ts';
import { GoneError, read, SilentError, watch } from './client.ts';
import { Guard } from './guard.ts';
import { pageWith } from './page.ts';
import { PageModel } from './page-model.ts';

/** Milliseconds between two reports. */
const EVERY = 1000;
/** The longest record, in milliseconds, and how long a program may take to write it. */
const LONGEST = 30_000;
const PATIENCE = 10_000;

/** Shows a program in a browser, by a server of this command on a port of its own: the program opens none. */
export async function serveWeb(pid: string, print: (text: string) => void): Promise<void> {
  // What is not there is told here, not in the browser.
  for await (const _ of read(pid, '/version'));
  const guard = new Guard();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = guard.refusalOf(request);
    if (refusal === undefined) await respond(pid, request, response);
    else response.writeHead(refusal).end();
  };
  await serveHttp(answer, {
    host: '127.0.0.1',
    port: 0,
    grace: 200,
    onListening: ({ port }) => {
      print(
        `${guard.open(port)}\nIt shows the program ${pid} to browsers on this machine that open this address; Ctrl-C ends it.`,
      );
    },
  });
}

const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

async function respond(
  pid: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') sendPage(response);
  else if (pathname === '/watch') await sendReports(pid, response);
  else if (pathname === '/trace') await sendTrace(pid, response, searchParams.get('ms'));
  else response.writeHead(404).end();
}

function sendPage(response: ServerResponse): void {
  const nonce = node.crypto.randomBytes(16).toString('base64');
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pageWith(nonce));
}

/** As the program answers: 410 if it has ended, 504 if it does not answer. */
async function sendReports(pid: string, response: ServerResponse): Promise<void> {
  const reports = watch(pid, EVERY);
  const model = new PageModel();
  try {
    const first = await reports.next();
    if (first.done === true) response.writeHead(410).end();
    else await sse(response, modelsOf(reports, model, first.value));
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
    if (!response.headersSent) response.writeHead(error instanceof SilentError ? 504 : 410).end();
  } finally {
    await reports.return(undefined);
  }
}

async function* modelsOf(
  reports: ReturnType<typeof watch>,
  model: PageModel,
  first: Parameters<PageModel['next']>[0],
): AsyncGenerator<string> {
  yield JSON.stringify(model.next(first));
  try {
    for await (const report of reports) yield JSON.stringify(model.next(report));
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
  }
}

async function sendTrace(
  pid: string,
  response: ServerResponse,
  given: string | null,
): Promise<void> {
  const ms = Math.min(Math.max(Math.round(Number(given)) || 1000, 1), LONGEST);
  try {
    for await (const piece of read(pid, `/trace?ms=${String(ms)}`, ms + PATIENCE)) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
      response.write(piece);
    }
    response.end();
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
    if (response.headersSent) response.destroy();
    else response.writeHead(error instanceof SilentError ? 504 : 410).end();
  }
}
