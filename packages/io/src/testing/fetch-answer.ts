import type { ClientRequest, IncomingMessage } from 'node:http';

/** As much of undici's handlers as `fetch` gives, in the form of undici 6 and 7 and in that of undici 8. */
export interface Handler {
  onConnect?(abort: (reason?: unknown) => void): void;
  onHeaders?(status: number, headers: Uint8Array[], resume: () => void, text: string): boolean;
  onData?(chunk: Uint8Array): boolean;
  onComplete?(trailers: Uint8Array[]): void;
  onError?(error: unknown): void;
  onRequestStart?(controller: object, context: unknown): void;
  onResponseStart?(controller: object, status: number, headers: object, text: string): void;
  onResponseData?(controller: object, chunk: Uint8Array): void;
  onResponseEnd?(controller: object, trailers: object): void;
  onResponseError?(controller: object, error: unknown): void;
}

/** Gives what answers a request to the handler of `fetch`. To undici 8 it is the controller of the request. */
export class Answer {
  aborted = false;
  reason: unknown;
  /** Names and values in turn: here undici 8 looks for them. */
  rawHeaders: Uint8Array[] | undefined;
  readonly #request: ClientRequest;
  readonly #handler: Handler;
  #response: IncomingMessage | undefined;
  #isOver = false;

  constructor(request: ClientRequest, handler: Handler) {
    this.#request = request;
    this.#handler = handler;
    if (handler.onConnect === undefined) handler.onRequestStart?.(this, null);
    else handler.onConnect((reason) => this.abort(reason));
  }

  get paused(): boolean {
    return this.#response?.isPaused() ?? false;
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  abort(reason: unknown = new Error('aborted')): void {
    this.reason = reason;
    this.aborted = true;
    this.#request.destroy(reason as Error);
    this.fail(reason);
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#handler.onError === undefined) this.#handler.onResponseError?.(this, error);
    else this.#handler.onError(error);
  }

  begin(response: IncomingMessage): void {
    this.#response = response;
    const isWanted = this.#head(response);
    response.on('data', (chunk: Uint8Array) => {
      this.#data(chunk);
    });
    response.on('error', (error) => {
      this.fail(error);
    });
    response.on('aborted', () => {
      this.fail(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }));
    });
    response.on('end', () => {
      if (response.complete) this.#end();
    });
    if (!isWanted) response.pause();
  }

  /** False if the handler wants no more for now. */
  #head(response: IncomingMessage): boolean {
    const { statusCode = 0, statusMessage = '' } = response;
    const handler = this.#handler;
    const raw = response.rawHeaders.map((each) => Buffer.from(each, 'latin1'));
    this.rawHeaders = raw;
    if (handler.onHeaders === undefined) {
      handler.onResponseStart?.(this, statusCode, response.headers, statusMessage);
      return true;
    }
    return handler.onHeaders(statusCode, raw, () => response.resume(), statusMessage);
  }

  #data(chunk: Uint8Array): void {
    if (this.#handler.onData === undefined) this.#handler.onResponseData?.(this, chunk);
    else if (!this.#handler.onData(chunk)) this.pause();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#handler.onComplete === undefined) this.#handler.onResponseEnd?.(this, {});
    else this.#handler.onComplete([]);
  }
}
