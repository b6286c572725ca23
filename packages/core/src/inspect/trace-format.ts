import type { TaskSpan, TraceStory, WaitSpan } from './trace-story.ts';

/** An event of the Trace Event Format. */
type Slice = Record<string, unknown>;

/** The shortest slice, in microseconds: a nanosecond. */
const SHORTEST = 0.001;

/** Microseconds from the first event on, down to nanoseconds. */
class Clock {
  readonly #from: number;

  constructor(from: number) {
    this.#from = from;
  }

  at(ms: number): number {
    return Math.round((ms - this.#from) * 1e6) / 1000;
  }

  span(begin: number, end: number): { ts: number; dur: number } {
    const ts = this.at(begin);
    return { ts, dur: Math.max(SHORTEST, Math.round((this.at(end) - ts) * 1000) / 1000) };
  }
}

/** Gives each task a lane for its life: as many lanes as tasks lived at a time, not as many as there were. */
function assignLanes(tasks: readonly TaskSpan[], clock: Clock): number {
  const free: number[] = [];
  const busy: { readonly lane: number; readonly until: number }[] = [];
  let lanes = 0;
  for (const task of tasks) {
    const { ts, dur } = clock.span(task.begin, task.end);
    for (let at = busy.length - 1; at >= 0; at -= 1) {
      const each = busy[at];
      if (each === undefined || each.until > ts) break;
      busy.pop();
      free.push(each.lane);
    }
    const lane = free.pop() ?? (lanes += 1);
    task.lane = lane;
    insert(busy, { lane, until: ts + dur });
  }
  return lanes;
}

/** Keeps a list in the order of its ends, the earliest last. */
function insert<E extends { readonly until: number }>(list: E[], entry: E): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.until ?? 0) > entry.until) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, entry);
}

/** Writes what was recorded in the Trace Event Format, which Perfetto and the DevTools of Chrome read. */
export class TraceFormat {
  readonly #story: TraceStory;
  readonly #pid: number;
  readonly #clock: Clock;
  readonly #tasks: readonly TaskSpan[];
  /** Of each task: the end of its last nested wait. */
  readonly #nestedUntil = new Map<number, number>();
  #flows = 0;

  constructor(story: TraceStory, pid: number) {
    this.#story = story;
    this.#pid = pid;
    this.#tasks = [...story.tasks.values()].sort((a, b) => a.begin - b.begin);
    const waits = [...story.waits.values()];
    const first = Math.min(this.#tasks[0]?.begin ?? Infinity, waits[0]?.begin ?? Infinity);
    this.#clock = new Clock(first === Infinity ? 0 : first);
  }

  *events(): Generator<Slice> {
    const lanes = assignLanes(this.#tasks, this.#clock);
    yield { ...this.#place('M', 0), name: 'process_name', args: { name: 'Ambit' } };
    for (let lane = 0; lane <= lanes; lane += 1) {
      const name = lane === 0 ? 'outside of tasks' : `tasks ${String(lane)}`;
      yield { ...this.#place('M', lane), name: 'thread_name', args: { name } };
    }
    for (const task of this.#tasks) yield* this.#task(task);
    const waits = [...this.#story.waits.values()].sort((a, b) => a.begin - b.begin);
    for (const wait of waits) yield* this.#wait(wait);
    for (const { task, at, name } of this.#story.marks) {
      const lane = this.#story.tasks.get(task)?.lane ?? 0;
      yield { ...this.#place('i', lane), s: 't', ts: this.#clock.at(at), cat: 'cancel', name };
    }
  }

  #place(ph: string, tid: number): Slice {
    return { ph, pid: this.#pid, tid, ts: 0, cat: 'ambit' };
  }

  *#task(task: TaskSpan): Generator<Slice> {
    const { id, name, lane, state, begin, end } = task;
    const times = this.#clock.span(begin, end);
    yield { ...this.#place('X', lane), ...times, cat: 'task', name, args: { id, state } };
    const spawner = this.#story.tasks.get(task.spawner ?? -1);
    if (spawner !== undefined) yield* this.#flow('spawns', [spawner, task], times.ts);
  }

  *#flow(name: string, [from, to]: readonly [TaskSpan, TaskSpan], ts: number): Generator<Slice> {
    this.#flows += 1;
    const flow = { ts, cat: name, name, id: this.#flows };
    yield { ...this.#place('s', from.lane), ...flow };
    yield { ...this.#place('f', to.lane), ...flow, bp: 'e' };
  }

  *#wait(wait: WaitSpan): Generator<Slice> {
    const task = this.#story.tasks.get(wait.task);
    const name = wait.name === '' ? 'a wait without a name' : wait.name;
    const times = this.#clock.span(wait.begin, wait.end);
    const place = this.#place('X', task?.lane ?? 0);
    if (task !== undefined && this.#nests(task, times)) {
      yield { ...place, ...times, cat: 'wait', name };
    } else {
      const shared = { cat: 'wait', name, id: `wait ${String(wait.id)}` };
      yield { ...place, ph: 'b', ts: times.ts, ...shared };
      yield { ...place, ph: 'e', ts: times.ts + times.dur, ...shared };
    }
    const waker = this.#story.tasks.get(wait.by);
    if (task === undefined || waker === undefined || waker === task) return;
    yield* this.#flow('wakes', [waker, task], this.#clock.at(wait.end));
  }

  /** Whether a wait lies in its task, after the wait before it: slices of a lane must nest. */
  #nests(task: TaskSpan, { ts, dur }: { ts: number; dur: number }): boolean {
    const around = this.#clock.span(task.begin, task.end);
    const end = ts + dur;
    if (ts < around.ts || end > around.ts + around.dur) return false;
    if (ts < (this.#nestedUntil.get(task.id) ?? 0)) return false;
    this.#nestedUntil.set(task.id, end);
    return true;
  }
}
