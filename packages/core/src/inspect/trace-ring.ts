/** What is recorded. */
export const Kind = { Spawn: 0, Settle: 1, Wait: 2, Woken: 3, Cancel: 4 } as const;
type Kind = (typeof Kind)[keyof typeof Kind];

/** An event as it is read back. What `id`, `task` and `other` are depends on the kind. */
export interface TraceEvent {
  readonly kind: Kind;
  /** Milliseconds of the host's clock. */
  readonly at: number;
  /** Of the task, or of the wait. */
  readonly id: number;
  /** Of a wait: its task. Of a task: its spawner. -1: none. */
  readonly task: number;
  /** Of the end of a wait: the task that woke it. */
  readonly other: number;
  readonly text: string;
}

/** Keeps the last events, in columns instead of objects: an event costs 29 bytes, a pointer, and no garbage. */
export class TraceRing {
  readonly #limit: number;
  readonly #kind: Uint8Array;
  readonly #at: Float64Array;
  readonly #id: Int32Array;
  readonly #task: Int32Array;
  readonly #other: Int32Array;
  readonly #text: string[];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#kind = new Uint8Array(limit);
    this.#at = new Float64Array(limit);
    this.#id = new Int32Array(limit);
    this.#task = new Int32Array(limit);
    this.#other = new Int32Array(limit);
    this.#text = [];
  }

  /** How many are kept. */
  get size(): number {
    return Math.min(this.#count, this.#limit);
  }

  /** How many were overwritten. */
  get dropped(): number {
    return this.#count - this.size;
  }

  /** What an event said, by its number; undefined: it was overwritten. */
  textOf(number: number): string | undefined {
    return this.#count - number > this.#limit ? undefined : this.#text[number % this.#limit];
  }

  /** Writes an event over the oldest one, if there is no room, and returns its number. */
  // eslint-disable-next-line max-params -- an object for each event would be garbage
  add(kind: Kind, at: number, id: number, task: number, other: number, text: string): number {
    const number = this.#count;
    const place = number % this.#limit;
    this.#count = number + 1;
    this.#kind[place] = kind;
    this.#at[place] = at;
    this.#id[place] = id;
    this.#task[place] = task;
    this.#other[place] = other;
    this.#text[place] = text;
    return number;
  }

  /** The events, the oldest first. */
  *[Symbol.iterator](): Generator<TraceEvent> {
    for (let each = this.#count - this.size; each < this.#count; each += 1) {
      const place = each % this.#limit;
      yield {
        kind: this.#kind[place] as Kind,
        at: this.#at[place] ?? 0,
        id: this.#id[place] ?? -1,
        task: this.#task[place] ?? -1,
        other: this.#other[place] ?? -1,
        text: this.#text[place] ?? '',
      };
    }
  }
}
