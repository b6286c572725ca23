import { node } from '../node.ts';
import type { FileHandle } from 'node:fs/promises';
import { outsideHosts } from '../real-work.ts';
import { textOf } from './lock-content.ts';
import type { Holder } from './lock-holder.ts';

/**
 * Shows those on other hosts, and in other PID namespaces, that the holder of a lock lives: the content of its file
 * changes. Not its time, which some systems write late. Through the file itself, and not its path: that may lead to
 * another one's lock by now. Keeps no process alive.
 */
export class Heartbeat {
  readonly #file: FileHandle;
  readonly #holder: Holder;
  readonly #timer: NodeJS.Timeout;
  #beats = 0;
  #writing: Promise<unknown> | undefined;

  constructor(file: FileHandle, holder: Holder) {
    this.#file = file;
    this.#holder = holder;
    this.#timer = outsideHosts(() => node.timers.setInterval(() => this.#beat(), holder.beat));
    this.#timer.unref();
  }

  #beat(): void {
    // A file system that does not answer gets no second call.
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    this.#beats += 1;
    // A failed write is not reported, since no call waits for it.
    await this.#file.write(textOf(this.#holder, this.#beats), 0).catch(() => undefined);
    this.#writing = undefined;
  }

  /** Waits until its file is closed. */
  async stop(): Promise<void> {
    node.timers.clearInterval(this.#timer);
    await this.#writing;
    await this.#file.close();
  }
}
