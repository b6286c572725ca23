import { codeOf } from '../errors.ts';
import type { IncomingMessage } from 'node:http';

/** How a request is called: without the query, which may hold what others are not to read. */
export function nameOf({ method = '', url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return `${method} ${end < 0 ? url : url.slice(0, end)}`;
}

/** Prints a line on stderr. */
export function printError(error: unknown, request: IncomingMessage): void {
  const text = textOf(error).replaceAll(/\s+/g, ' ');
  process.stderr.write(`serveHttp: ${nameOf(request)}: ${text}\n`);
}

/** Anything can be thrown, also what has no text or fails when it is looked at. */
function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that has no text';
  }
}

/** What accepting may fail with while others hold what is short. Node goes on by itself. */
export function isPassing(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'].includes(codeOf(error) ?? '');
}
