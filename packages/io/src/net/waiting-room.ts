import type { Socket } from 'node:net';
import { ignoreErrors } from '../streams/stream-end.ts';

/** Connections of clients that have said all they will, and may have left: more of them are not kept. */
const MOST_FINISHED = 100;

/**
 * Connections that were not accepted yet, in order. Node takes every connection from the system as it comes, so that
 * those of clients that leave again would use up the process's file descriptors: each is read, as far as its buffer goes,
 * and let go of once it breaks, or ends before the client has said anything.
 */
export class WaitingRoom {
  readonly #places = new Set<Place>();
  readonly #finished = new Set<Place>();

  get size(): number {
    return this.#places.size;
  }

  add(socket: Socket): void {
    const place = new Place(socket, {
      left: () => this.#remove(place),
      finished: () => this.#finish(place),
    });
    this.#places.add(place);
  }

  /** The connection that has waited longest. */
  take(): Socket | undefined {
    const [place] = this.#places;
    if (place === undefined) return undefined;
    this.#remove(place);
    return place.socket;
  }

  #remove(place: Place): void {
    place.leave();
    this.#places.delete(place);
    this.#finished.delete(place);
  }

  // A client that asked, and closed its side, may wait for the answer, or be gone: that cannot be told apart.
  #finish(place: Place): void {
    this.#finished.add(place);
    if (this.#finished.size <= MOST_FINISHED) return;
    const [oldest] = this.#finished;
    oldest?.socket.destroy();
  }

  /** Drops all of them. */
  clear(): void {
    for (const { socket } of this.#places) socket.destroy();
  }
}

interface Events {
  left(): void;
  finished(): void;
}

/** A connection, watched. */
class Place {
  readonly socket: Socket;
  readonly #events: Events;
  #length = 0;

  constructor(socket: Socket, events: Events) {
    this.socket = socket;
    this.#events = events;
    socket.on('error', ignoreErrors).on('close', this.#onClose).on('end', this.#onEnd);
    // With this listener it starts to read.
    socket.on('readable', this.#onReadable);
  }

  readonly #onClose = (): void => this.#events.left();

  readonly #onEnd = (): void => void this.socket.destroy();

  // Told of the end as well, when nothing more has come.
  readonly #onReadable = (): void => {
    const { readableLength } = this.socket;
    if (readableLength > 0 && readableLength === this.#length) this.#events.finished();
    this.#length = readableLength;
  };

  leave(): void {
    this.socket.off('error', ignoreErrors).off('close', this.#onClose);
    this.socket.off('end', this.#onEnd).off('readable', this.#onReadable);
  }
}
