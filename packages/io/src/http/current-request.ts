import { ContextVar } from '@ambit/core';

import type { CancelScope, Task, TaskGroup } from '@ambit/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, requestContext } from './request-context.ts';

/** The request that is being answered. See {@link currentRequest}. */
export interface CurrentRequest {
  /** As the handler gets it. */
  readonly request: IncomingMessage;
  /** As the handler gets it. */
  readonly response: ServerResponse;
  /**
   * Keeps the task of the request alive until a promise has settled: for frameworks whose listener returns nothing, and for
   * work that goes on after the response. A rejection goes to `onError` of the service.
   *
   * @param promise - what to wait for
   * @throws InvalidStateError if the task has ended; TypeError if it is no promise
   */
  waitUntil(promise: PromiseLike<unknown>): void;
}

/** Represents a request in the context of its task. */
export interface RequestHolder {
  readonly current: CurrentRequest;
  readonly request: IncomingMessage;
  /** That of its task. */
  readonly scope: CancelScope | undefined;
  /** The service has answered in place of the handler, which was cancelled. */
  readonly isAnsweredForHandler: boolean;
  /** Keeps the task alive for work that never rejects. */
  keep(work: Promise<void>): void;
  /** Cancels the task when that many milliseconds are over. */
  limitTime(milliseconds: number): void;
  /** The group that the task of the request is in. */
  readonly group: TaskGroup | undefined;
}

const holders = new ContextVar<RequestHolder>({ name: 'request' });

/**
 * Returns the request that is being answered where this is called: in a handler of `serveHttp`, and in all that it calls,
 * awaits and spawns.
 *
 * @returns the request; undefined outside of one
 * @example
 * app.use((request, response, next) => {
 *   currentRequest()?.waitUntil(log.write(request.url));
 *   next();
 * });
 */
export function currentRequest(): CurrentRequest | undefined {
  return holders.get()?.current;
}

/** The request that a task answers; undefined for one of any other kind, also if it was spawned for a request. */
export function requestAnsweredBy(task: Task<unknown>): CurrentRequest | undefined {
  const holder = holders.get();
  return holder !== undefined && holder.group === task.group ? holder.current : undefined;
}

export function currentHolder(): RequestHolder | undefined {
  return holders.get();
}

export function withRequest<R>(holder: RequestHolder, fn: () => R): R {
  return holders.run(holder, () => requestContext.run(contextOf(holder.request), fn));
}
