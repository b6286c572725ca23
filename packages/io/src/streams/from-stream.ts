import { InvalidStateError } from '@ambit/core';
import { show } from '@ambit/core/lowlevel';
import type { Duplex, Readable, Writable } from 'node:stream';
import type * as web from 'node:stream/web';
import { node } from '../node.ts';
import type { ByteStream } from './byte-stream.ts';
import { NodeByteStream } from './node-stream.ts';
import { ignoreErrors } from './stream-end.ts';
import { isServerRequest, readRequest } from './request-stream.ts';
import { readWeb, writeWeb } from './web-stream.ts';

// The global types are those of the DOM in programs that have these, and others than Node's.

/** What bytes can be received from, of Node's and of the web's. */
export type ReadableSource = Readable | ReadableStream | web.ReadableStream;

/** What bytes can be sent to, of Node's and of the web's. */
export type WritableTarget = Writable | WritableStream | web.WritableStream;

/** Both directions: one of Node's, or the web's pair, for example a `TransformStream`. */
export type DuplexStream =
  | Duplex
  | {
      readonly readable: ReadableStream | web.ReadableStream;
      readonly writable: WritableStream | web.WritableStream;
    };

/**
 * Makes a ByteStream that receives from a stream of Node's or of the web's. Closing it destroys or cancels
 * that stream; so does the group around the call at its end. Of a request to a server of node:http the rest is thrown
 * away instead: its connection is that of the response.
 *
 * @param readable - is to be used through the ByteStream alone; not in object mode
 * @returns a stream that can only be received from
 * @throws TypeError if it is no such stream; InvalidStateError if another ByteStream reads it, and Node's ERR_INVALID_STATE if
 *   another reader does
 * @example
 * const body = bufferedReader(fromReadable(response.body));
 */
export function fromReadable(readable: ReadableSource): ByteStream {
  refuseShared('fromReadable', { readable }, readers);
  const parts = { label: 'a readable stream', readable: nodeReadable(readable) };
  const stream = new NodeByteStream(parts);
  readers.add(readable);
  return stream;
}

/**
 * Makes a ByteStream that sends to a stream of Node's or of the web's. `sendEof` ends it, and waits until it has finished;
 * closing it ends and destroys it. The process's own stdout and stderr are left open.
 *
 * @param writable - is to be used through the ByteStream alone; not in object mode
 * @returns a stream that can only be sent to
 * @throws TypeError if it is no such stream; InvalidStateError if another ByteStream writes to it, and Node's ERR_INVALID_STATE if
 *   another writer does
 * @example
 * await using log = fromWritable(createWriteStream('app.log'));
 * await log.send('started\n');
 */
export function fromWritable(writable: WritableTarget): ByteStream {
  refuseShared('fromWritable', { writable }, writers);
  const parts = { label: 'a writable stream', writable: nodeWritable(writable) };
  const stream = new NodeByteStream(parts);
  if (!isStandard(writable)) writers.add(writable);
  return stream;
}

/**
 * Makes a ByteStream over both directions of Node's Duplex, or of a pair of web streams.
 *
 * @throws TypeError if it is no such stream; InvalidStateError if it is part of another ByteStream, and Node's ERR_INVALID_STATE if
 *   it has a reader or writer already
 * @example
 * const packed = fromDuplex(createGzip());
 */
export function fromDuplex(duplex: DuplexStream): ByteStream {
  if (isNode(duplex, 'read') && isNode(duplex, 'write')) {
    const [label, stream] = ['a duplex stream', duplex as Duplex];
    refuseShared('fromDuplex', { duplex }, readers);
    refuseShared('fromDuplex', { duplex }, writers);
    const bytes = new NodeByteStream({ label, readable: stream, writable: stream });
    readers.add(stream);
    writers.add(stream);
    return bytes;
  }
  const { readable, writable } = pairOf(duplex);
  return new NodeByteStream({
    label: 'a duplex stream',
    readable: nodeReadable(readable),
    writable: nodeWritable(writable),
  });
}

// Of Node's: those of the web refuse a second reader and writer themselves.
const readers = new WeakSet<object>();
const writers = new WeakSet<object>();

/** Two that listen to one stream would each get all of its bytes, or miss some. `given`: the argument, under its name. */
function refuseShared(
  where: string,
  given: Readonly<Record<string, unknown>>,
  taken: WeakSet<object>,
): void {
  const [[argument, value] = []] = Object.entries(given);
  if (!taken.has(value as object) || property(value, 'destroyed') !== false) return;
  throw new InvalidStateError(
    `${where}: ${argument} is ${show(value)} that is part of another ByteStream already; use that one`,
  );
}

/** They may be written to by any part of the program. */
function isStandard(writable: unknown): boolean {
  return writable === process.stdout || writable === process.stderr;
}

function nodeReadable(readable: unknown): Readable {
  if (has(readable, 'getReader')) return readWeb(readable as web.ReadableStream);
  if (isNode(readable, 'read')) {
    const stream = readable as Readable;
    return isServerRequest(stream) ? readRequest(stream) : stream;
  }
  throw notA('fromReadable', { readable }, 'a Readable or ReadableStream');
}

function nodeWritable(writable: unknown): Writable {
  if (has(writable, 'getWriter')) return writeWeb(writable as web.WritableStream);
  if (isStandard(writable)) return keptOpen(writable as Writable);
  if (isNode(writable, 'write')) return writable as Writable;
  throw notA('fromWritable', { writable }, 'a Writable or WritableStream');
}

function pairOf(duplex: unknown): { readable: unknown; writable: unknown } {
  const isPair = has(property(duplex, 'readable'), 'getReader');
  if (isPair && has(property(duplex, 'writable'), 'getWriter'))
    return duplex as { readable: unknown; writable: unknown };
  throw notA('fromDuplex', { duplex }, 'a Duplex or a pair of web streams');
}

/** Ending stdout ends it for the whole program, and Node does not say when. */
function keptOpen(stream: Writable): Writable {
  let isWriting = false;
  // A failed write is told to its callback first, and to the listeners after it.
  const leave = (): void => void node.timers.setImmediate(() => stream.off('error', ignoreErrors));
  stream.on('error', ignoreErrors);
  const outer = new node.stream.Writable({
    write: (chunk, _encoding, done) => {
      isWriting = true;
      stream.write(chunk, (error) => {
        isWriting = false;
        done(error);
        if (outer.destroyed) leave();
      });
    },
    destroy: (error, done) => {
      if (!isWriting) leave();
      done(error);
    },
  });
  return outer;
}

function isNode(value: unknown, method: 'read' | 'write'): boolean {
  return has(value, method) && has(value, 'destroy') && has(value, 'on');
}

function has(value: unknown, method: string): boolean {
  return typeof property(value, method) === 'function';
}

function property(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[name];
}

/** `given`: the argument, under its name. */
function notA(where: string, given: Readonly<Record<string, unknown>>, what: string): TypeError {
  const [[argument, value] = []] = Object.entries(given);
  return new TypeError(`${where}: ${argument} is ${show(value)}, not ${what}; give ${what}`);
}
