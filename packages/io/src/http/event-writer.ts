import { currentLoop, park } from '@ambit/core/lowlevel';
import type { ServerResponse } from 'node:http';

/** A comment, which clients skip. */
const BEAT = ':\n\n';

/** Writes to a response with back-pressure, and a comment whenever it has been quiet for some time. */
export class EventWriter {
  readonly #response: ServerResponse;
  readonly #heartbeat: number;
  readonly #loop = currentLoop();
  #timer: { cancel(): void } | undefined;

  constructor(response: ServerResponse, heartbeat: number) {
    this.#response = response;
    this.#heartbeat = heartbeat;
    this.#restart();
  }

  /** Resolves once there is room for more. */
  async write(text: string): Promise<void> {
    this.#restart();
    if (this.#response.write(text) || this.#response.destroyed) return;
    await park<void>(
      (waker) => {
        const forget = (): void => {
          this.#response.off('drain', drained).off('close', drained);
        };
        const drained = (): void => {
          forget();
          waker.wake();
        };
        this.#response.on('drain', drained).on('close', drained);
        return forget;
      },
      { name: 'the client, which is slower than the events' },
    );
  }

  #restart(): void {
    this.#timer?.cancel();
    if (this.#heartbeat === Infinity) return;
    this.#timer = this.#loop.callLater(this.#heartbeat, () => {
      // A client that takes nothing needs no sign of life.
      if (!this.#response.writableNeedDrain) this.#response.write(BEAT);
      this.#restart();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
