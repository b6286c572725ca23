// Not `Readable.fromWeb` and `Writable.fromWeb`: what is destroyed there waits for all that was written, a peer that has
// gone is not noticed, and pooled buffers go to sinks that may transfer them.
import type { Readable, Writable } from 'node:stream';
import { currentLoop, messageOf } from '@ambit/core/lowlevel';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { node } from '../node.ts';
import { ClosedResourceError } from '../errors.ts';
import { platformReader } from './scoped-readable.ts';
import { ignoreErrors, LONGEST_GOODBYE } from './stream-end.ts';

/** A stream of Node's that reads one of the web's, and cancels it when it is destroyed. */
export function readWeb(web: ReadableStream): Readable {
  const reader = platformReader(web);
  const readable = new node.stream.Readable({
    read: () => {
      reader.read().then(
        ({ done, value }) => readable.push(done ? null : value),
        (error: unknown) => readable.destroy(asError(error)),
      );
    },
    destroy: (error, done) => {
      whenLetGo(reader.cancel(error), (failure) => done(error ?? failure));
    },
  });
  return readable;
}

/** A stream of Node's that writes to one of the web's, and aborts it when it is destroyed before its end. */
export function writeWeb(web: WritableStream): Writable {
  const writer = web.getWriter();
  const work = { isWriting: false };
  const writable = new node.stream.Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      // A copy: the sink may keep it, or take it to another thread.
      const bytes = new Uint8Array(chunk);
      const written = (error?: Error): void => {
        work.isWriting = false;
        done(error);
      };
      work.isWriting = true;
      writer.ready.then(() => writer.write(bytes)).then(() => written(), failing(written));
    },
    final: (done) => {
      work.isWriting = true;
      writer.close().then(() => done(), failing(done));
    },
    destroy: (error, done) => {
      if (writable.writableFinished) done(error);
      else abort(writer, work, { error, done });
    },
  });
  // The other end may go while nothing is written.
  writer.closed.catch((error: unknown) => writable.destroy(asError(error)));
  return writable;
}

/** How a stream of Node ends by force. */
interface Destroying {
  readonly error: Error | null;
  readonly done: (error: Error | null) => void;
}

function abort(
  writer: WritableStreamDefaultWriter,
  { isWriting }: { readonly isWriting: boolean },
  { error, done }: Destroying,
): void {
  const reason = error ?? new ClosedResourceError('the stream was closed before its end');
  const aborted = writer.abort(reason);
  if (!isWriting) {
    whenLetGo(aborted, () => done(error));
    return;
  }
  // A sink may see that it is aborted only once it has written its chunk, which may be never.
  aborted.catch(ignoreErrors);
  done(error);
}

/** Calls `done` when the other end has let go, or after a second: that may never be. */
function whenLetGo(letting: Promise<void>, done: (failure: Error | null) => void): void {
  const timer = currentLoop().callLater(LONGEST_GOODBYE, () => done(null));
  const end = (failure: Error | null): void => {
    timer.cancel();
    done(failure);
  };
  letting.then(
    () => end(null),
    (error: unknown) => end(asError(error)),
  );
}

function failing(done: (error: Error) => void): (error: unknown) => void {
  return (error) => done(asError(error));
}

/** Node takes no other values as errors; the web does, and undefined. */
function asError(error: unknown): Error {
  const isError = typeof error === 'object' && error !== null && 'message' in error;
  return isError ? (error as Error) : new Error(messageOf(error), { cause: error });
}
