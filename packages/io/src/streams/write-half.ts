import { checkOptions, park, throwIfCancelled, yieldIfDue } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Writable } from 'node:stream';
import type { WaitOptions } from '../cancellable.ts';
import { checkData } from './byte-stream.ts';
import type { StreamFaults } from './stream-faults.ts';

/** Starts to write, and calls `done` when the stream has passed the bytes on. */
type Write = (done: (error?: Error | null) => void) => void;

/** The half of a {@link NodeByteStream} that sends. Without a writable nothing can be sent. */
export class WriteHalf {
  #writable: Writable | undefined;
  readonly #faults: StreamFaults;
  #isClosed = false;
  #isEofSent = false;
  /** Whose bytes are on their way; one that is cancelled is gone at once, whenever its caller goes on. */
  #sender: Waker<void> | undefined;

  constructor(writable: Writable | undefined, faults: StreamFaults) {
    this.#writable = writable;
    this.#faults = faults;
  }

  get isSending(): boolean {
    return this.#sender !== undefined;
  }

  async send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    checkData(data);
    checkOptions('send', options);
    throwIfCancelled(options);
    if (this.isSending) throw this.#faults.busy('send');
    const writable = this.sendable('send');
    if (data.length === 0) return yieldIfDue();
    // Until the system has it, not only until there is room: callers may use their buffer again then.
    await this.#untilWritten(options, (done) => writable.write(data, done));
  }

  async sendEof(options?: WaitOptions): Promise<void> {
    checkOptions('sendEof', options);
    throwIfCancelled(options);
    if (this.isSending) throw this.#faults.busy('sendEof');
    if (this.#isEofSent && !this.#isClosed) return;
    const writable = this.sendable('sendEof');
    this.#isEofSent = true;
    await this.#untilWritten(options, (done) => writable.end(done));
  }

  async #untilWritten(options: WaitOptions | undefined, write: Write): Promise<void> {
    await park<void>(
      (waker) => {
        const leave = (): void => {
          this.#sender = undefined;
        };
        this.#sender = waker;
        try {
          write((error) => this.#written(waker, error));
        } catch (error) {
          leave();
          throw error;
        }
        return leave;
      },
      { signal: options?.signal, name: () => `send to ${this.#faults.label}` },
    );
  }

  #written(waker: Waker<void>, error: Error | null | undefined): void {
    if (this.#sender === waker) this.#sender = undefined;
    const writable = this.#writable;
    // A socket that broke reports no error for the bytes that were under way.
    const isLost = writable?.destroyed === true || (error !== undefined && error !== null);
    if (!isLost) waker.wake();
    else if (this.#isClosed) waker.fail(this.#faults.closed('send'));
    else waker.fail(this.#faults.broken('send to', error ?? writable?.errored));
  }

  /** The stream, if something can be sent to it; otherwise throws why not. */
  sendable(verb: string): Writable {
    if (this.#isClosed) throw this.#faults.closed(verb);
    const writable = this.#writable;
    if (writable === undefined) throw this.#faults.oneWay(verb, 'received from');
    if (this.#isEofSent || writable.writableEnded) throw this.#faults.sentEof(verb);
    if (writable.errored !== null || writable.destroyed)
      throw this.#faults.broken('send to', writable.errored);
    return writable;
  }

  // Bytes that are not written yet may never be: the other end would have to read earlier ones first.
  get canEnd(): boolean {
    const writable = this.#writable;
    if (this.#isClosed || writable === undefined) return false;
    return !writable.destroyed && writable.errored === null && writable.writableLength === 0;
  }

  /** Ends the stream, as its transport does that, and waits until the end is sent. */
  async end(): Promise<void> {
    await park<void>((waker) => void this.#writable?.end(() => waker.wake()), {
      name: () => `close ${this.#faults.label}`,
    });
  }

  /** A stream was closed: if it was this one, a send that waits fails. */
  look(): void {
    if (this.#writable?.closed !== true) return;
    this.#takeSender()?.fail(this.#faults.broken('send to', this.#writable.errored));
  }

  /** `verb` closes the stream: a send that waits fails, and so does each later one. */
  close(verb: string): void {
    this.#isClosed = true;
    this.#takeSender()?.fail(this.#faults.closedBy(verb, 'send'));
  }

  /** Closes this half and gives its stream away. */
  handOver(): void {
    this.#isClosed = true;
    this.#writable = undefined;
  }

  #takeSender(): Waker<void> | undefined {
    const sender = this.#sender;
    this.#sender = undefined;
    return sender;
  }
}
