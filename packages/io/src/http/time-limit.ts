import { checkDuration, currentLoop } from '@ambit/core/lowlevel';
import type { IncomingMessage } from 'node:http';
import { readDeadline } from './deadline-header.ts';
import { FirstBytes } from './first-bytes.ts';
import type { AnyServer } from './http-server.ts';

/** How long the client still waits: the name of a header, or a function that says it, in milliseconds. */
export type DeadlineSource = string | ((request: IncomingMessage) => number | undefined);

interface LimitOptions {
  readonly requestTimeout?: number | undefined;
  readonly deadlineFrom?: DeadlineSource | undefined;
}

/** How long the requests of a server may take. */
export class TimeLimits {
  readonly #options: LimitOptions;
  readonly #firstBytes: FirstBytes | undefined;

  /** Undefined if they may take any time. */
  static for(server: AnyServer, options: LimitOptions): TimeLimits | undefined {
    const isLimited = options.requestTimeout !== undefined || options.deadlineFrom !== undefined;
    return isLimited ? new TimeLimits(server, options) : undefined;
  }

  private constructor(server: AnyServer, options: LimitOptions) {
    this.#options = options;
    if (this.#ofService < Infinity) this.#firstBytes = new FirstBytes(server, currentLoop());
  }

  get #ofService(): number {
    return this.#options.requestTimeout ?? Infinity;
  }

  watch(): void {
    this.#firstBytes?.watch();
  }

  unwatch(): void {
    this.#firstBytes?.unwatch();
  }

  /** Milliseconds that a request has from now on; Infinity: any number. */
  readonly of = (request: IncomingMessage): number => {
    const spent = this.#firstBytes?.since(request) ?? 0;
    return Math.min(this.#ofService - spent, ofClient(request, this.#options) ?? Infinity);
  };
}

function ofClient(request: IncomingMessage, options: LimitOptions): number | undefined {
  const source = options.deadlineFrom;
  if (source === undefined) return undefined;
  if (typeof source === 'string') {
    const header = request.headers[source.toLowerCase()];
    return readDeadline(source, Array.isArray(header) ? header[0] : header);
  }
  const left = source.call(options, request);
  if (left !== undefined)
    checkDuration('serveHttp', 'the result of deadlineFrom', Math.max(left, 0));
  return left;
}
