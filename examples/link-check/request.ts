import { TimeoutError } from '@ambit/core';
import { fetch } from '@ambit/io';
import { resolveUrl } from './page.ts';

export type Answer =
  | { readonly status: 'skipped'; readonly reason: string }
  /** `url` is where the redirects led; `html` is there if it is a page of the site itself. */
  | {
      readonly status: 'ok';
      readonly reason: string;
      readonly url: URL;
      readonly html?: string | undefined;
    };

export interface RequestPolicy {
  /** Pages of the site are read; for other addresses it is enough that they exist. */
  readonly isOwn: (url: URL) => boolean;
  /** Whether a redirect there is to be followed. */
  readonly isWanted: (url: URL) => boolean;
}

/** What is wrong with a link. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** True if another attempt may succeed. */
  readonly isPassing: boolean;

  constructor(message: string, options: ErrorOptions & { isPassing: boolean }) {
    super(message, options);
    this.isPassing = options.isPassing;
  }
}

const mostRedirects = 10;

/** Asks for an address and follows its redirects; throws a LinkError if that leads nowhere. */
export async function request(url: URL, policy: RequestPolicy): Promise<Answer> {
  const trail = [url.href];
  for (let here = url; ;) {
    const response = await ask(here, policy);
    const next = redirectOf(response, here);
    if (next === undefined) return answerOf(response, here, policy, trail.length > 1);
    await response.body?.cancel();
    if (trail.includes(next.href)) throw lost(`redirects in a circle: ${nameOf(next, policy)}`);
    if (trail.length > mostRedirects) throw lost(`more than ${mostRedirects} redirects`);
    if (!policy.isWanted(next))
      return { status: 'skipped', reason: `redirects to ${nameOf(next, policy)}` };
    trail.push(next.href);
    here = next;
  }
}

async function ask(url: URL, policy: RequestPolicy): Promise<Response> {
  if (policy.isOwn(url)) return send(url, 'GET');
  const response = await send(url, 'HEAD');
  // Many servers do not know HEAD, or treat it badly.
  return response.status < 400 ? response : send(url, 'GET');
}

async function send(url: URL, method: string): Promise<Response> {
  try {
    const headers = { 'user-agent': 'ambit-link-check', accept: 'text/html, */*;q=0.8' };
    return await fetch(url, { method, headers, redirect: 'manual' });
  } catch (error) {
    // `fetch` throws a TypeError for every failure of the network; the reason is its cause.
    if (!(error instanceof TypeError)) throw error;
    throw new LinkError(troubleOf(error), { cause: error, isPassing: true });
  }
}

function nameOf(url: URL, { isOwn }: RequestPolicy): string {
  return isOwn(url) ? url.pathname + url.search : url.href;
}

function redirectOf(response: Response, base: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get('location') ?? '';
  const next = resolveUrl(location, base);
  if (next === undefined) throw lost(`redirects to nowhere: "${location}"`);
  next.hash = '';
  return next;
}

async function answerOf(
  response: Response,
  url: URL,
  policy: RequestPolicy,
  isRedirected: boolean,
): Promise<Answer> {
  const { status, statusText } = response;
  const isPage = response.headers.get('content-type')?.includes('html') === true;
  const html = status < 400 && isPage && policy.isOwn(url) ? await textOf(response) : undefined;
  if (html === undefined) await response.body?.cancel();
  if (status >= 400) {
    const isPassing = status >= 500 || status === 429;
    throw new LinkError(`${status} ${statusText}`.trim(), { isPassing });
  }
  return {
    status: 'ok',
    reason: isRedirected ? `redirects to ${nameOf(url, policy)}` : '',
    url,
    html,
  };
}

async function textOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new LinkError('connection broke off', { cause: error, isPassing: true });
  }
}

function lost(message: string): LinkError {
  return new LinkError(message, { isPassing: false });
}

const troubles = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection broke off'],
  ['UND_ERR_SOCKET', 'connection broke off'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'no such host'],
]);

function troubleOf({ cause, message }: Error): string {
  if (!(cause instanceof Error)) return message;
  const code = 'code' in cause ? String(cause.code) : '';
  return troubles.get(code) ?? (cause.message === '' ? code : cause.message);
}

/** The reason for the report. Errors that are not the fault of the link are thrown on. */
export function whyBroken(error: unknown): string {
  if (error instanceof TimeoutError) return `no answer in ${error.ms} ms`;
  if (error instanceof LinkError) return error.message;
  throw error;
}
