// What has happened in a session: each answer of the model and each call of a tool, as far as it got.
import { getRunningLoop, isCancelled } from '@ambit/core';

export interface Place {
  readonly agent: string;
  /** Undefined: the model's answer. */
  readonly tool?: string;
}

export class Entry {
  state: 'running' | 'done' | 'failed' | 'cut' = 'running';
  text = '';
  error: unknown;
  endedAt: number | undefined;
  readonly startedAt = getRunningLoop().now();
  readonly place: Place;
  readonly #onChange: () => void;

  constructor(place: Place, onChange: () => void) {
    this.place = place;
    this.#onChange = onChange;
  }

  add(piece: string): void {
    this.text += piece;
    this.#onChange();
  }

  end(state: 'done' | 'failed' | 'cut', error?: unknown): void {
    this.state = state;
    this.error = error;
    this.endedAt = getRunningLoop().now();
    this.#onChange();
  }
}

export class Journal {
  readonly entries: Entry[] = [];
  readonly #onChange: (entry: Entry) => void;

  /** @param onChange - called whenever an entry begins, grows or ends */
  constructor(onChange: (entry: Entry) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Runs a body, and keeps its outcome. */
  async record<T>(place: Place, body: (entry: Entry) => Promise<T>): Promise<T> {
    const entry: Entry = new Entry(place, () => {
      this.#onChange(entry);
    });
    this.entries.push(entry);
    this.#onChange(entry);
    try {
      const value = await body(entry);
      if (place.tool !== undefined) entry.text = String(value);
      entry.end('done');
      return value;
    } catch (error) {
      entry.end(isCancelled(error) ? 'cut' : 'failed', error);
      throw error;
    }
  }

  /** Answers that were cut short and of which something is kept. */
  get partialAnswers(): readonly Entry[] {
    return this.entries.filter(({ place, state, text }) => {
      return place.tool === undefined && state !== 'done' && text !== '';
    });
  }
}
