import type { IncomingMessage } from 'node:http';
import { node } from '../node.ts';

/**
 * Decides which requests the page of `ambit web` is for: those of a browser on this machine that was given the address with
 * its token. Other users of the machine do not know the token; pages of other sites that lead a browser here, by a name that
 * resolves to this machine for example, have another `Host` or `Origin`.
 */
export class Guard {
  readonly #token = node.crypto.randomBytes(24);
  #hosts: readonly string[] = [];

  /** Returns the address to open. */
  open(port: number): string {
    this.#hosts = [`127.0.0.1:${String(port)}`, `localhost:${String(port)}`];
    return `http://127.0.0.1:${String(port)}/?token=${this.#token.toString('base64url')}`;
  }

  /** The status to refuse a request with; undefined: it is answered. */
  refusalOf({ method, headers, url = '/' }: IncomingMessage): number | undefined {
    const { host = '', origin } = headers;
    if (!this.#hosts.includes(host)) return 403;
    if (origin !== undefined && origin !== `http://${host}`) return 403;
    if (method !== 'GET') return 405;
    return this.#knows(url) ? undefined : 401;
  }

  #knows(url: string): boolean {
    const { searchParams } = new URL(url, 'http://localhost');
    const given = Buffer.from(searchParams.get('token') ?? '', 'base64url');
    return given.length === this.#token.length && node.crypto.timingSafeEqual(given, this.#token);
  }
}
