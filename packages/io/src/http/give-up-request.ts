import type { IncomingMessage, ServerResponse } from 'node:http';
import { isHttp2, streamOf } from './http-answer.ts';

/** Calls back once a response that was ended is written. */
export function onceWritten(response: ServerResponse, written: () => void): void {
  if (response.writableFinished) {
    written();
    return;
  }
  // A response of HTTP/2 is silent until the client has ended its request, too.
  (isHttp2(response) ? streamOf(response) : response).once('finish', written);
}

/** Has code that still reads a request that was answered hear why the rest of it will not come. */
export function giveUpRequest(request: IncomingMessage, reason: Error | undefined): void {
  if (request.complete) return;
  // Without a listener the error of a request of HTTP/2 ends the process.
  request.on('error', () => undefined);
  request.destroy(reason);
  // Of one stream of several the connection stays: the client is told to send no more.
  if ('stream' in request) streamOf(request).close();
}

/**
 * Gives up what no code reads of a request whose task is over. Of HTTP/1 Node reads it to its end; a stream of HTTP/2 would be open, and
 * a shutdown wait, until the client has sent it all.
 */
export function leaveUpload(request: IncomingMessage, response: ServerResponse): void {
  if (!isHttp2(response) || streamOf(response).endAfterHeaders || isRead(request)) return;
  onceWritten(response, () => {
    giveUpRequest(request, undefined);
  });
}

function isRead(request: IncomingMessage): boolean {
  if (request.destroyed) return false;
  return request.readableFlowing === true || request.listenerCount('readable') > 0;
}
