// A group of tasks by hand that keeps the promises of ours that cost memory, and nothing more: what no library can be below.
import { AsyncLocalStorage } from 'node:async_hooks';

/*
 * Three objects, since each may outlive the others and is handed to code of its own: the task is awaited, so it is thenable; the scope
 * must not be, for code returns it from async functions; a wait is woken by code that may do so late, so it is never used again.
 */

interface Member {
  previous: Member | undefined;
  next: Member | undefined;
  host: BareScope | undefined;
  cancel(reason: unknown): void;
}

const scopes = new AsyncLocalStorage<BareScope>();

/** A place in the tree, in which cancellation goes down. */
export class BareScope implements Member {
  previous: Member | undefined = undefined;
  next: Member | undefined = undefined;
  host: BareScope | undefined = undefined;
  first: Member | undefined = undefined;
  reason: unknown = undefined;
  /** What cancels, times and records the tree: of one run there may be several in a process, as in tests. */
  readonly run: object;
  readonly task: BareTask | undefined;

  constructor(run: object, task: BareTask | undefined) {
    this.run = run;
    this.task = task;
  }

  cancel(reason: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    for (let each = this.first; each !== undefined;) {
      const { next } = each;
      each.cancel(reason);
      each = next;
    }
  }
}

/** A function at work: what it is called, how old it is, and what came of it, which is kept. */
export class BareTask implements PromiseLike<unknown> {
  readonly id: number;
  readonly name: string;
  readonly born: number;
  readonly group: BareGroup;
  readonly scope: BareScope;
  state = 0;
  result: unknown = undefined;
  /** Called at its end. */
  heard: (() => void) | undefined = undefined;

  constructor(group: BareGroup, name: string) {
    this.id = ids += 1;
    this.name = name;
    this.born = now();
    this.group = group;
    this.scope = new BareScope(group.scope.run, this);
  }

  hear(listener: () => void): void {
    const { heard } = this;
    this.heard = heard === undefined ? listener : () => [heard, listener].forEach((each) => each());
  }

  then<A, B>(
    onFulfilled: (value: unknown) => A | PromiseLike<A>,
    onRejected: (error: unknown) => B | PromiseLike<B>,
  ): Promise<A | B> {
    const end = new Promise<void>((resolve) => {
      if (this.state === PENDING) this.hear(resolve);
      else resolve();
    });
    return end
      .then(() => {
        if (this.state !== FULFILLED) throw this.result;
        return this.result;
      })
      .then(onFulfilled, onRejected);
  }
}

const PENDING = 0;
const FULFILLED = 1;
const FAILED = 2;

let ids = 0;

// In whole milliseconds: a small integer takes no object of its own.
function now(): number {
  return Math.floor(performance.now());
}

/** Ends when all its tasks have; the first that fails cancels the others. */
export class BareGroup {
  readonly scope = new BareScope({}, undefined);
  readonly errors: unknown[] = [];
  #left = 0;
  #idle: (() => void) | undefined = undefined;

  spawn(fn: (task: BareTask) => unknown): BareTask {
    return this.start(new BareTask(this, fn.name), fn);
  }

  start<T extends BareTask>(task: T, fn: (task: T) => unknown): T {
    this.#left += 1;
    append(this.scope, task.scope);
    scopes.run(task.scope, call<T>, task, fn);
    return task;
  }

  fail(error: unknown): void {
    this.errors.push(error);
    this.scope.cancel(error);
  }

  ended(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#idle?.();
  }

  async end(): Promise<void> {
    if (this.#left > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    if (this.errors.length > 0) throw this.errors[0] as Error;
  }
}

export async function bareGroup(body: (group: BareGroup) => unknown): Promise<void> {
  const group = new BareGroup();
  try {
    await scopes.run(group.scope, body, group);
  } catch (error) {
    group.fail(error);
  }
  await group.end();
}

/** Runs in a scope of its own, which can be cancelled apart from what is around it. */
export function inBareScope<T>(fn: () => Promise<T>): Promise<T> {
  const outer = openScope();
  const scope = new BareScope(outer.run, outer.task);
  append(outer, scope);
  // Outside of the scope: a promise that is kept would keep it.
  return scopes.run(scope, fn).then(
    (value) => {
      remove(scope);
      return value;
    },
    (error: unknown) => {
      remove(scope);
      throw error;
    },
  );
}

function call<T>(task: T, fn: (task: T) => unknown): void {
  // In the task's own context, as these: no closure for each task.
  void (fn(task) as Promise<unknown>).then(succeedHere, failHere);
}

/** The task that runs. */
export function taskHere(): BareTask {
  return scopes.getStore()?.task as BareTask;
}

function succeedHere(value: unknown): void {
  end(taskHere(), FULFILLED, value);
}

function failHere(error: unknown): void {
  const task = taskHere();
  end(task, FAILED, error);
  if (error === task.scope.reason) return;
  task.group.fail(error);
}

function end(task: BareTask, state: number, result: unknown): void {
  task.state = state;
  task.result = result;
  remove(task.scope);
  task.heard?.();
  task.group.ended();
}

let resolveOfNew: ((value: unknown) => void) | undefined;
let rejectOfNew: ((error: unknown) => void) | undefined;

function capture(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  resolveOfNew = resolve;
  rejectOfNew = reject;
}

/** What is waited for; it hears of a wait that was cancelled, and forgets it. */
export interface Awaited {
  takeBack(wait: BareWait): void;
}

/** A wait of the code that runs: ended once, by what is waited for or by a cancellation, which takes back what it had registered. */
export class BareWait implements Member {
  previous: Member | undefined = undefined;
  next: Member | undefined = undefined;
  host: BareScope | undefined = undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** In pictures of what waits for what. */
  readonly name: string;
  readonly of: Awaited | undefined;

  constructor(name: string, of: Awaited | undefined) {
    this.name = name;
    this.of = of;
    this.promise = new Promise(capture);
    this.resolve = resolveOfNew as (value: unknown) => void;
    this.reject = rejectOfNew as (error: unknown) => void;
  }

  wake(value: unknown): boolean {
    if (!remove(this)) return false;
    this.resolve(value);
    return true;
  }

  cancel(reason: unknown): void {
    if (!remove(this)) return;
    this.of?.takeBack(this);
    this.promise.catch(nothing);
    this.reject(reason);
  }
}

/** Waits in the scope of the caller, which must not be cancelled. */
export function bareWait(name: string, of?: Awaited): BareWait {
  return waitIn(openScope(), new BareWait(name, of));
}

/** The scope of the caller; throws if it is cancelled. */
export function openScope(): BareScope {
  const scope = scopes.getStore() as BareScope;
  if (scope.reason !== undefined) throw scope.reason as Error;
  return scope;
}

export function waitIn<W extends BareWait>(scope: BareScope, wait: W): W {
  append(scope, wait);
  return wait;
}

function nothing(): undefined {
  return undefined;
}

function append(host: BareScope, member: Member): void {
  const { first } = host;
  member.host = host;
  if (first === undefined) {
    host.first = member.previous = member;
    return;
  }
  const last = first.previous as Member;
  last.next = member;
  member.previous = last;
  first.previous = member;
}

function remove(member: Member): boolean {
  const { host, next, previous } = member;
  if (host === undefined) return false;
  const first = host.first as Member;
  if (first === member) {
    host.first = next;
    if (next !== undefined) next.previous = previous;
  } else {
    (previous as Member).next = next;
    (next ?? first).previous = previous;
  }
  member.host = member.previous = member.next = undefined;
  return true;
}
