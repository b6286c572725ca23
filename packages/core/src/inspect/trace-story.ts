import { Kind } from './trace-ring.ts';
import type { TraceEvent } from './trace-ring.ts';

/** The life of a task, as far as it was recorded. */
export interface TaskSpan {
  readonly id: number;
  readonly name: string;
  readonly begin: number;
  /** Undefined: its spawner is not known. */
  readonly spawner: number | undefined;
  end: number;
  state: string;
  lane: number;
}

/** A wait, as far as it was recorded. */
export interface WaitSpan {
  readonly id: number;
  readonly task: number;
  readonly name: string;
  readonly begin: number;
  end: number;
  /** The task that woke it. */
  by: number;
}

/** A cancellation of a scope. */
export interface Mark {
  readonly task: number;
  readonly at: number;
  readonly name: string;
}

/** What the events of a record tell, put together. */
export class TraceStory {
  readonly tasks: Map<number, TaskSpan> = new Map();
  readonly waits: Map<number, WaitSpan> = new Map();
  readonly marks: Mark[] = [];
  readonly #from: number;
  readonly #until: number;

  /** `until`: the end of what has not ended. */
  constructor(events: readonly TraceEvent[], until: number) {
    this.#from = events[0]?.at ?? until;
    this.#until = until;
    for (const event of events) this.#take(event);
  }

  #take(event: TraceEvent): void {
    const { kind, at, id, task, text } = event;
    if (kind === Kind.Spawn) this.tasks.set(id, this.#task(event, at, task));
    else if (kind === Kind.Settle) this.#settle(event);
    else if (kind === Kind.Wait) this.waits.set(id, this.#wait(event, at));
    else if (kind === Kind.Woken) this.#wake(event);
    else this.marks.push({ task: id, at, name: text });
  }

  #task({ id, text }: TraceEvent, begin: number, spawner: number | undefined): TaskSpan {
    const end = this.#until;
    return { id, name: text, begin, spawner, end, state: 'running', lane: 0 };
  }

  // The beginning may have been overwritten: then it is drawn from the start of the record.
  #settle(event: TraceEvent): void {
    const span = this.tasks.get(event.id) ?? this.#task(event, this.#from, undefined);
    span.end = event.at;
    span.state = STATES[event.other] ?? 'running';
    this.tasks.set(event.id, span);
  }

  #wait({ id, task, text }: TraceEvent, begin: number): WaitSpan {
    return { id, task, name: text, begin, end: this.#until, by: -1 };
  }

  #wake(event: TraceEvent): void {
    const span = this.waits.get(event.id) ?? this.#wait(event, this.#from);
    span.end = event.at;
    span.by = event.other;
    this.waits.set(event.id, span);
  }
}

/** By the number that a record has for each. */
export const STATES: readonly string[] = ['fulfilled', 'rejected', 'cancelled'];
