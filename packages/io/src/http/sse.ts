import { CancelScope, currentScope } from '@ambit/core';
import {
  checkDuration,
  checkOptions,
  checkSignal,
  park,
  show,
  suppress,
  throwIfCancelled,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { ServerResponse } from 'node:http';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkString } from '../check.ts';
import { EventWriter } from './event-writer.ts';
import { isObject, retryLine, textOf } from './sse-event.ts';
import type { ServerSentEvent } from './sse-event.ts';

/** Options for {@link sse}. */
export interface SseOptions extends WaitOptions {
  /** Milliseconds of quiet after which a comment is sent, so that nothing on the way closes the connection. Default: none. */
  readonly heartbeat?: number | undefined;
  /** Milliseconds that the client waits before it connects again. Default: the client's own. */
  readonly retry?: number | undefined;
  /** The id of the last event that the client has. Default: its header `Last-Event-ID`. */
  readonly lastEventId?: string | undefined;
}

/** Where events come from; a function gets the id of the last event that the client has. */
export type SseSource =
  | AsyncIterable<ServerSentEvent | string>
  | Iterable<ServerSentEvent | string>
  | ((lastEventId: string | undefined) => AsyncIterable<ServerSentEvent | string>);

/** A response, or a reply of fastify, which is taken over. */
export type SseResponse =
  | ServerResponse
  | {
      readonly raw: unknown;
      hijack(): unknown;
      getHeaders(): Readonly<Record<string, unknown>>;
    };

/**
 * Sends events to a client as a stream that a browser's EventSource reads. Asks the source for the next event once the
 * client has taken those before. Ends the response and resolves when the source ends or the scope drains, so that a
 * service that stops does not wait for it; the client connects again, with the id of the last event. The source is closed
 * in each case: its `return()` is called and waited for.
 *
 * @param response - nothing of which was sent; headers that are set stay. Under fastify, the reply
 * @param source - the events: strings, or objects with `data`; or a function that makes the source
 * @param options - `heartbeat` and `retry` in milliseconds; `lastEventId`; `signal`: breaks the connection off
 * @throws (rejects) the ambient scope's CancelledError, for example when the client leaves; `signal.reason`; what the source throws, after
 *   the connection is broken off; TypeError, RangeError for bad arguments and events
 * @example
 * app.get('/prices', (request, response) => sse(response, (lastId) => pricesSince(lastId), { heartbeat: 15_000 }));
 */
export async function sse(
  response: SseResponse,
  source: SseSource,
  options?: SseOptions,
): Promise<void> {
  checkSse(source, options);
  return under(options?.signal, () => stream(response, source, options));
}

async function stream(
  response: SseResponse,
  source: SseSource,
  options: SseOptions | undefined,
): Promise<void> {
  const refused = refusalOf('sse');
  if (refused !== undefined) return refused;
  const raw = rawOf(response);
  const lastEventId = options?.lastEventId ?? headerOf(raw);
  const scope = new CancelScope({ name: 'sse' });
  const { draining } = currentScope();
  const stop = (): void => scope.cancel('the stream of events ends');
  draining.addEventListener('abort', stop);
  raw.once('close', stop);
  if (draining.aborted || raw.destroyed) stop();
  try {
    raw.writeHead(raw.statusCode, headers).flushHeaders();
    await scope.run(() =>
      send(raw, typeof source === 'function' ? made(source(lastEventId)) : source, options),
    );
    raw.end();
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    draining.removeEventListener('abort', stop);
    raw.off('close', stop);
  }
  throwIfCancelled();
}

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  // Nginx holds small answers back otherwise.
  'X-Accel-Buffering': 'no',
};

async function send(
  raw: ServerResponse,
  source: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
  { heartbeat, retry }: SseOptions = {},
): Promise<void> {
  const iterator = iteratorOf(source);
  const writer = new EventWriter(raw, heartbeat ?? Infinity);
  try {
    if (retry !== undefined) await writer.write(`${retryLine(retry)}\n`);
    for (;;) {
      const step = await nextOf(iterator);
      if (step.done === true) return;
      await writer.write(textOf(step.value));
    }
  } catch (error) {
    // The client need not wait until the source is closed.
    if (currentScope().reason === error) raw.end();
    await close(iterator, error);
    throw error;
  } finally {
    writer.stop();
  }
}

/** What that fails with is told with the error that comes out. */
async function close(iterator: Events, error: unknown): Promise<void> {
  try {
    await iterator.return?.();
  } catch (later) {
    if (later !== error) suppress(error, [later]);
  }
}

type Events = AsyncIterator<ServerSentEvent | string> | Iterator<ServerSentEvent | string>;
type Step = IteratorResult<ServerSentEvent | string>;

function made<T>(events: T): T {
  if (isSource(events)) return events;
  throw new TypeError(`sse: source returned ${show(events)}; return an iterable`);
}

function isSource(source: unknown): boolean {
  return isObject(source) && (Symbol.asyncIterator in source || Symbol.iterator in source);
}

function iteratorOf(
  source: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
): Events {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return source[Symbol.iterator]();
}

/** Ends by a cancellation also where the source waits for something that knows of none. */
function nextOf(iterator: Events): Promise<Step> {
  return park<Step>(
    (waker) => {
      const next = async (): Promise<Step> => iterator.next();
      next().then(
        (step) => waker.wake(step),
        (error: unknown) => waker.fail(error),
      );
    },
    { name: 'the next event' },
  );
}

function rawOf(response: SseResponse): ServerResponse {
  if (!isObject(response)) throw noResponse(response);
  if ('hijack' in response) {
    const raw = response.raw as ServerResponse;
    for (const [name, value] of Object.entries(response.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value as string);
    }
    response.hijack();
    return raw;
  }
  if (!('writeHead' in response)) throw noResponse(response);
  return response;
}

function noResponse(value: unknown): TypeError {
  return new TypeError(
    `sse: response is ${show(value)}; give a response of node:http, or a reply of fastify`,
  );
}

function headerOf(raw: ServerResponse): string | undefined {
  const id = raw.req.headers['last-event-id'];
  return typeof id === 'string' ? id : undefined;
}

function checkSse(source: unknown, options: SseOptions | undefined): void {
  if (typeof source !== 'function' && !isSource(source)) {
    throw new TypeError(`sse: source is ${show(source)}; give an iterable, or a function`);
  }
  checkOptions('sse', options);
  checkSignal('sse', options?.signal);
  if (options?.heartbeat !== undefined) checkDuration('sse', 'heartbeat', options.heartbeat);
  if (options?.retry !== undefined) retryLine(options.retry);
  if (options?.lastEventId !== undefined) checkString('sse', 'lastEventId', options.lastEventId);
}
