import type { WaitOptions } from '../cancellable.ts';
import { realWork } from '../real-work.ts';
import { Pieces } from '../pieces.ts';
import { NodeByteStream } from '../streams/node-stream.ts';

/** A standard stream of a process: the other end is real also where time is a test's. */
export class ProcessStream extends NodeByteStream {
  override receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    return realWork(() => super.receive(max, options));
  }

  override send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    return realWork(() => super.send(data, options));
  }

  override sendEof(options?: WaitOptions): Promise<void> {
    return realWork(() => super.sendEof(options));
  }

  override [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new Pieces<Uint8Array>(this);
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return realWork(() => super[Symbol.asyncDispose]());
  }
}
