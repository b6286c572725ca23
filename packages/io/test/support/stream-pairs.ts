import { Duplex } from 'node:stream';

/** One of two ends in Node's words, of which each reads what the other writes; as Node 22 has them in `duplexPair`. */
class End extends Duplex {
  peer!: End;
  /** To be called when this end reads on, or never will. */
  onRead: ((error?: Error) => void) | undefined;

  override _read(): void {
    this.#proceed();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.peer.destroyed) done(gone());
    else if (this.peer.push(chunk)) done();
    else this.peer.onRead = done;
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    this.#proceed(gone());
    done(error);
  }

  #end(): void {
    if (!this.peer.destroyed && !this.peer.readableEnded) this.peer.push(null);
  }

  #proceed(error?: Error): void {
    const { onRead } = this;
    this.onRead = undefined;
    onRead?.(error);
  }
}

function gone(): Error {
  return Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
}

export function duplexPair(): [Duplex, Duplex] {
  const [one, other] = [new End(), new End()];
  one.peer = other;
  other.peer = one;
  return [one, other];
}

/** What is written to one can be read from the other; a write waits until less than 64 KiB are left to read. */
export function webPipe(): { readable: ReadableStream; writable: WritableStream } {
  let source!: ReadableStreamDefaultController<Uint8Array>;
  let sink!: WritableStreamDefaultController;
  let onPull = (): void => undefined;
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (source = controller),
      pull: () => onPull(),
      cancel: () => {
        sink.error(gone());
        onPull();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
  );
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => void (sink = controller),
    write: async (chunk) => {
      source.enqueue(chunk);
      if (source.desiredSize! <= 0) await new Promise<void>((resolve) => (onPull = resolve));
    },
    close: () => source.close(),
    abort: (reason) => source.error(reason),
  });
  return { readable, writable };
}
