// Not `Readable.fromWeb` and `Writable.fromWeb`: what is destroyed there waits for all that was written, a peer that has
// gone is not noticed, and pooled buffers go to sinks that may transfer them.
import { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { ClosedResourceError } from '../errors.ts';
import { ignoreErrors } from './node-stream.ts';

/** A stream of Node's that reads one of the web's, and cancels it when it is destroyed. */
export function readWeb(web: ReadableStream): Readable {
  const reader = web.getReader();
  const readable = new Readable({
    read: () => {
      reader.read().then(
        ({ done, value }) => readable.push(done ? null : value),
        (error: unknown) => readable.destroy(asError(error)),
      );
    },
    destroy: (error, done) => {
      reader.cancel(error).then(
        () => done(error),
        (failure: unknown) => done(error ?? asError(failure)),
      );
    },
  });
  return readable;
}

/** A stream of Node's that writes to one of the web's, and aborts it when it is destroyed before its end. */
export function writeWeb(web: WritableStream): Writable {
  const writer = web.getWriter();
  let isWriting = false;
  const writable = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      // A copy: whoever it goes to may keep it, or take it to another thread.
      const bytes = new Uint8Array(chunk);
      const written = (error?: Error): void => {
        isWriting = false;
        done(error);
      };
      isWriting = true;
      writer.ready.then(() => writer.write(bytes)).then(() => written(), failing(written));
    },
    final: (done) => {
      isWriting = true;
      writer.close().then(() => done(), failing(done));
    },
    destroy: (error, done) => {
      if (writable.writableFinished) {
        done(error);
        return;
      }
      const reason = error ?? new ClosedResourceError('the stream was closed before its end');
      const end = (): void => done(error);
      // A sink may see that it is aborted only once it is through with what it writes, which may be never.
      const onAborted = isWriting ? ignoreErrors : end;
      writer.abort(reason).then(onAborted, onAborted);
      if (isWriting) end();
    },
  });
  // The other end may go while nothing is written.
  writer.closed.catch((error: unknown) => writable.destroy(asError(error)));
  return writable;
}

function failing(done: (error: Error) => void): (error: unknown) => void {
  return (error) => done(asError(error));
}

/** Node takes no other values as errors; the web does, and undefined. */
function asError(error: unknown): Error {
  const isError = typeof error === 'object' && error !== null && 'message' in error;
  return isError ? (error as Error) : new Error(String(error), { cause: error });
}
