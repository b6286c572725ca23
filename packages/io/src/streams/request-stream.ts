import type { Readable } from 'node:stream';
import { node } from '../node.ts';

/** Whether it is a request that a server got: it has its connection in common with the response. */
export function isServerRequest(readable: Readable): boolean {
  return 'httpVersion' in readable && 'method' in readable && typeof readable.method === 'string';
}

/**
 * A request, read through a stream of its own: destroying that leaves the connection to the response. What has not been
 * read is thrown away as it comes, as Node does with a body that is not read.
 */
export function readRequest(request: Readable): Readable {
  let isListening = false;
  const take = (chunk: Buffer | string): void => {
    if (!readable.push(chunk, request.readableEncoding ?? undefined)) request.pause();
  };
  const readable = new node.stream.Readable({
    highWaterMark: request.readableHighWaterMark,
    read: () => {
      if (!isListening) request.on('data', take);
      isListening = true;
      request.resume();
    },
    destroy: (error, done) => {
      request.off('data', take).resume();
      done(error);
    },
  });
  node.stream.finished(request, { writable: false }, (error) => {
    if (readable.destroyed) return;
    if (error) readable.destroy(error);
    else readable.push(null);
  });
  return readable;
}
