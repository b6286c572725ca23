import type { ServerResponse } from 'node:http';
import { isHttp2 } from './http-answer.ts';

/** What a response says of its connection. Under HTTP/2 it says nothing. */
export class ConnectionHeader {
  readonly #response: ServerResponse;
  #isLast = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** What a response that is made anew has to say as well. */
  get headers(): Readonly<Record<string, string>> | undefined {
    return this.#isLast && !isHttp2(this.#response) ? { Connection: 'close' } : undefined;
  }

  /** This is to be the last response on its connection. */
  announceEnd(): void {
    this.#isLast = true;
    if (!this.#response.headersSent) this.#set('close');
  }

  /** Another request came after it on its connection. */
  revokeEnd(): void {
    if (!this.#isLast || this.#response.headersSent) return;
    this.#isLast = false;
    // Not removed: Node would take that for a wish of its own.
    this.#set('keep-alive');
  }

  #set(value: string): void {
    if (!isHttp2(this.#response)) this.#response.setHeader('Connection', value);
  }
}
