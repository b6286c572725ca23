import { listenToChannel, processId } from '#platform';
import { watchWaits } from '../diagnostics/wait-watch.ts';
import type { WaitingTask } from '../diagnostics/wait-watch.ts';
import { checkCount, checkOptions, show } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import { hostLoop } from '../loop/event-loop.ts';
import { tasksBelow } from '../program/task-tree.ts';
import { currentTask } from '../tasks/current-group.ts';
import type { Task } from '../tasks/task.ts';
import { rootScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { CancelledError } from '../scope/cancelled-error.ts';
import type { Waiter } from '../waiting/waiter.ts';
import { livingWaits } from './living-waits.ts';
import { TraceFormat } from './trace-format.ts';
import { Kind, TraceRing } from './trace-ring.ts';
import { STATES, TraceStory } from './trace-story.ts';

/** Options for {@link recordTrace}. @beta */
export interface TraceOptions {
  /** How many events are kept: the oldest go. Default: 100,000. */
  readonly limit?: number | undefined;
  /** Whether waits are recorded. Default: true. */
  readonly waits?: boolean | undefined;
}

/** How many events are joined into one piece of the text. */
const PIECE = 500;

type Listener = (message: unknown) => void;

/** The message of `ambit:task:spawn` and `ambit:task:settle`, as far as it is used. */
interface TaskMessage {
  readonly task: Task<unknown>;
  readonly state: string;
}

/** The message of `ambit:scope:cancel`, as far as it is used. */
interface CancelMessage {
  readonly scope: CancelScope;
  readonly reason: CancelledError;
}

/**
 * Records until it is disposed of. See {@link recordTrace}.
 *
 * @beta
 * @example
 * using recorder = recordTrace({ limit: 10_000 });
 * await work();
 * console.log(recorder.statistics.events);
 */
export class TraceRecorder implements Disposable {
  readonly #ring: TraceRing;
  readonly #subscriptions: (() => void)[];
  #waitIds = 0;
  #stopped: number | undefined;

  /** @internal */
  constructor({ limit, waits }: { readonly limit: number; readonly waits: boolean }) {
    this.#ring = new TraceRing(limit);
    // What lives already has begun by now: what a stuck task waits for is what one looks for in a record.
    const now = hostLoop.now();
    for (const task of tasksBelow(rootScope)) this.#spawned(task, -1, now);
    this.#subscriptions = [
      listenToChannel('ambit:task:spawn', this.#onSpawn as Listener),
      listenToChannel('ambit:task:settle', this.#onSettle as Listener),
      listenToChannel('ambit:scope:cancel', this.#onCancel as Listener),
    ];
    if (waits) {
      for (const [waiter, task] of livingWaits(rootScope)) this.#began(waiter, task, now);
      this.#subscriptions.push(
        watchWaits({ waitBegan: this.#waitBegan, waitEnded: this.#waitEnded }),
      );
    }
  }

  /** How many events are kept, and how many were dropped because there were more than `limit`. */
  get statistics(): { readonly events: number; readonly dropped: number } {
    return { events: this.#ring.size, dropped: this.#ring.dropped };
  }

  /**
   * Writes the record as JSON in the Trace Event Format: Perfetto and the DevTools of Chrome open it. A task is a slice in a
   * lane, its waits are slices in it, and arrows lead to a task from the one that spawned it or woke it.
   *
   * @returns the pieces of the text, each made when it is asked for
   */
  *chunks(): Generator<string> {
    const story = new TraceStory([...this.#ring], this.#stopped ?? hostLoop.now());
    yield '{"displayTimeUnit":"ms","traceEvents":[';
    let piece: string[] = [];
    let separator = '';
    for (const event of new TraceFormat(story, processId()).events()) {
      piece.push(JSON.stringify(event));
      if (piece.length < PIECE) continue;
      yield `${separator}${piece.join(',\n')}`;
      separator = ',\n';
      piece = [];
    }
    yield `${piece.length > 0 ? separator : ''}${piece.join(',\n')}]}\n`;
  }

  /** Stops. What was recorded may still be read. */
  [Symbol.dispose](): void {
    this.#stopped ??= hostLoop.now();
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }

  readonly #onSpawn = ({ task }: TaskMessage): void => {
    this.#spawned(task, currentTask()?.id ?? -1, hostLoop.now());
  };

  #spawned(task: Task<unknown>, spawner: number, at: number): void {
    this.#ring.add(Kind.Spawn, at, task.id, spawner, 0, task.name);
  }

  readonly #onSettle = ({ task, state }: TaskMessage): void => {
    const code = STATES.indexOf(state);
    this.#ring.add(Kind.Settle, hostLoop.now(), task.id, -1, code, task.name);
  };

  readonly #waitBegan = (waiter: Waiter<unknown>, task: WaitingTask | undefined): void => {
    this.#began(waiter, task, hostLoop.now());
  };

  #began(waiter: Waiter<unknown>, task: WaitingTask | undefined, at: number): void {
    const id = task?.id ?? -1;
    this.#waitIds += 1;
    waiter._traced = this.#waitIds;
    waiter._tracedTask = id;
    waiter._tracedAt = this.#ring.add(Kind.Wait, at, this.#waitIds, id, -1, nameOf(waiter));
  }

  readonly #waitEnded = (waiter: Waiter<unknown>, by: WaitingTask | undefined): void => {
    const { _traced: id, _tracedTask: task, _tracedAt: number } = waiter;
    // One that had begun before the record.
    if (id === 0) return;
    const text = this.#ring.textOf(number) ?? nameOf(waiter);
    const waker = by?.id ?? -1;
    this.#ring.add(Kind.Woken, hostLoop.now(), id, task, waker, text);
  };

  readonly #onCancel = ({ scope, reason }: CancelMessage): void => {
    const task = scope._task;
    const name = `cancel ${scope.name === '' ? 'scope' : show(scope.name)}: ${reason.source}`;
    this.#ring.add(Kind.Cancel, hostLoop.now(), task?.id ?? -1, -1, -1, name);
  };
}

function nameOf({ name }: Waiter<unknown>): string {
  return typeof name === 'function' ? name() : name;
}

/**
 * Records tasks, waits and cancellations of the process from now on: a timeline of what happened. Tasks and waits that are
 * there already begin at the start of the record. The times are of the host's clock, also on a virtual loop. While nothing records, this
 * costs nothing.
 *
 * @beta
 * @param options - `limit`, `waits`
 * @returns the recorder, which records until it is disposed of
 * @throws RangeError or TypeError for bad options
 * @example
 * const recorder = recordTrace();
 * await work();
 * recorder[Symbol.dispose]();
 * await writeFile('trace.json', [...recorder.chunks()].join(''));
 */
export function recordTrace(options?: TraceOptions): TraceRecorder {
  checkOptions('recordTrace', options);
  const { limit = 100_000, waits = true } = options ?? {};
  checkCount('recordTrace', 'limit', limit, 1);
  if (limit === Infinity)
    throw new RangeError('recordTrace: limit is Infinity; give a whole number');
  checkFlag('recordTrace', 'waits', waits);
  return new TraceRecorder({ limit, waits });
}
