/**
 * The laws of every primitive, searched for by random play: who comes, goes, gives back and is cancelled in
 * one tick, in any order. `conservesPermits` is for what is acquired and released, `conservesItems` for what
 * is put and got. A failure prints fast-check's seed and the shortest play that shows it.
 */
import { CancelScope } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import fc from 'fast-check';

/** Someone who uses the primitive: what is asked for is up to the primitive's adapter. */
export interface Use {
  /** Counts those who come. */
  readonly id: number;
  /** How much is asked for. */
  readonly weight: 1 | 2 | 3;
  /** Which way: a reader or a writer, say; which key. */
  readonly kind: 0 | 1 | 2;
}

/** Adapter of something that is acquired and given back. */
export interface Keeper {
  /** Waits; resolves with the way to give back. */
  acquire(use: Use, options: { readonly signal?: AbortSignal }): Promise<() => void>;
  /** Never waits. */
  tryAcquire?(use: Use): (() => void) | undefined;
  /** Whether one more may come in beside those inside. Mutual exclusion and permits are judged by it. */
  admits(use: Use, inside: readonly Use[]): boolean;
  /** Those with the same answer stand in one line; undefined: in none. Default: all in one. */
  line?(use: Use): unknown;
  /** Whether one who could come in has to let one of these go first. Default: only those before it in its line. */
  isHeldBack?(use: Use, waiting: readonly Use[]): boolean;
  /** What `statistics()` must show, at least, when all is quiet. */
  expected(inside: readonly Use[], waiting: readonly Use[]): object;
  statistics(): { readonly waiting: number; readonly peak?: number };
  /** At the end: lets those go who wait for more than for those inside. */
  finish?(): Promise<unknown>;
}

/** Adapter of something that items are put into and got from. */
export interface Exchange {
  put(item: number, options: { readonly signal?: AbortSignal }): Promise<unknown>;
  get(options: { readonly signal?: AbortSignal }): Promise<number>;
  tryPut?(item: number): boolean;
  tryGet?(): { readonly ok: true; readonly value: number } | { readonly ok: false };
  /** Whether items come out in the order they were put in. Default true. */
  readonly isOrdered?: boolean;
  /** What `statistics()` must show, at least, when all is quiet. `stored`: put and not got. */
  expected(quiet: { stored: number; putting: number; getting: number }): object;
  statistics(): object;
}

/** How one who waits may be cut short: by its own scope, a signal, its deadline; by the scope of all, each. */
type Cut = 'scope' | 'signal' | 'timeout';

type Step =
  | { readonly do: 'come'; readonly weight: 1 | 2 | 3; readonly kind: 0 | 1 | 2; readonly cut: Cut }
  | { readonly do: 'try'; readonly weight: 1 | 2 | 3; readonly kind: 0 | 1 | 2 }
  | { readonly do: 'give' | 'cancel'; readonly which: number }
  | { readonly do: 'cancel all' | 'microtask' | 'settle' | 'wait' };

const weight = fc.constantFrom(1 as const, 2 as const, 3 as const);
const kind = fc.constantFrom(0 as const, 1 as const, 2 as const);
const which = fc.nat(7);
const cut = fc.constantFrom<Cut>('scope', 'signal', 'timeout');

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('come' as const), weight, kind, cut }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('try' as const), weight, kind }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('give' as const), which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('microtask' as const, 'settle' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('wait' as const, 'cancel all' as const) }),
  },
);

const plays = fc.array(step, { minLength: 2, maxLength: 40, size: 'medium' });

/** One who came, and whether it still waits, is inside, or has gone. */
class Actor {
  state: 'waiting' | 'inside' | 'gone' = 'waiting';
  /** It had to stand in line: it was not let in at once. */
  isQueued = false;
  /** It was still waiting when all was quiet, and nothing has been given back since. */
  isStanding = false;
  isCut = false;
  giveBack: (() => void) | undefined;
  readonly use: Use;
  readonly #cut: Cut;
  readonly #scope: CancelScope;
  readonly #controller = new AbortController();

  constructor(use: Use, how: Cut, parent: CancelScope) {
    this.use = use;
    this.#cut = how;
    this.#scope = new CancelScope(how === 'timeout' ? { timeout: 2, parent } : { parent });
  }

  cancel(): void {
    this.isCut = true;
    if (this.#cut === 'signal') this.#controller.abort();
    else this.#scope.cancel();
  }

  /** Answers undefined if it was cancelled; what fails for another reason fails the test. */
  async call<T>(wait: (options: { signal?: AbortSignal }) => Promise<T>): Promise<T | undefined> {
    const signal = this.#cut === 'signal' ? { signal: this.#controller.signal } : {};
    try {
      return await this.#scope.run(() => wait(signal));
    } catch (error) {
      if (error !== this.#controller.signal.reason && error !== this.#scope.reason) throw error;
      return undefined;
    }
  }

  get isCancelled(): boolean {
    return this.isCut || this.#scope.cancelCalled;
  }
}

/** Plays the part that is the same for all. */
abstract class Play {
  protected readonly actors: Actor[] = [];
  protected readonly group: TaskGroup;
  #all = openScope();

  constructor(group: TaskGroup) {
    this.group = group;
  }

  protected abstract come(use: Use, how: Cut): void;
  protected abstract attempt(use: Use): void;
  protected abstract judge(): void;
  abstract end(): Promise<void>;

  /** Answers what is to be awaited, if anything: most moves are made in the tick of the one before. */
  take(next: Step): Promise<void> | undefined {
    if (['give', 'cancel', 'cancel all', 'wait'].includes(next.do)) {
      for (const actor of this.actors) actor.isStanding = false;
    }
    if (next.do === 'come') this.come(this.use(next), next.cut);
    else if (next.do === 'try') this.attempt(this.use(next));
    else if (next.do === 'give') pick(this.of('inside'), next.which)?.giveBack?.();
    else if (next.do === 'cancel') pick(this.of('waiting'), next.which)?.cancel();
    else if (next.do === 'cancel all') this.#cancelAll();
    else if (next.do === 'microtask') return Promise.resolve();
    else if (next.do === 'wait') return sleep(1);
    else return this.rest();
    return undefined;
  }

  /** Those who wait, in one wave; who comes from now on is in another scope. */
  #cancelAll(): void {
    for (const actor of this.of('waiting')) actor.isCut = true;
    this.#all.cancel();
    this.close();
    this.#all = openScope();
  }

  close(): void {
    this.#all[Symbol.dispose]();
  }

  protected actor(use: Use, how: Cut): Actor {
    const actor = new Actor(use, how, this.#all);
    this.actors.push(actor);
    return actor;
  }

  protected async rest(): Promise<void> {
    await settle();
    for (const actor of this.of('waiting')) actor.isStanding = true;
    this.judge();
  }

  protected of(state: Actor['state']): Actor[] {
    return this.actors.filter((actor) => actor.state === state);
  }

  private use(next: { readonly weight: 1 | 2 | 3; readonly kind: 0 | 1 | 2 }): Use {
    return { id: this.actors.length, weight: next.weight, kind: next.kind };
  }
}

function openScope(): CancelScope {
  const scope = new CancelScope();
  // Reading the signal opens it.
  expect(scope.signal.aborted).toBe(false);
  return scope;
}

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from[index % Math.max(from.length, 1)];
}

class PermitPlay extends Play {
  readonly #keeper: Keeper;
  readonly #atStart: object;
  /** The most that waited, as seen after each came. */
  #peak = 0;

  constructor(group: TaskGroup, keeper: Keeper) {
    super(group);
    this.#keeper = keeper;
    this.#atStart = keeper.statistics();
  }

  protected come(use: Use, how: Cut): void {
    const actor = this.actor(use, how);
    const { waiting } = this.#keeper.statistics();
    this.group.spawn(async () => {
      const giveBack = await actor.call((options) => this.#keeper.acquire(use, options));
      if (giveBack === undefined) actor.state = 'gone';
      else this.#enter(actor, giveBack);
    });
    const { waiting: waitingNow } = this.#keeper.statistics();
    actor.isQueued = waitingNow > waiting;
    this.#peak = Math.max(this.#peak, waitingNow);
  }

  protected attempt(use: Use): void {
    const giveBack = this.#keeper.tryAcquire?.(use);
    if (giveBack === undefined) return;
    const actor = this.actor(use, 'scope');
    // Of the others it is not known yet whether they have been let in.
    this.#enter(actor, giveBack, (other) => other.isStanding);
  }

  #enter(actor: Actor, giveBack: () => void, isWaiting = (_: Actor): boolean => true): void {
    const inside = uses(this.of('inside'));
    // Law: mutual exclusion; no more permits than there are.
    if (!this.#keeper.admits(actor.use, inside)) {
      throw new Error(`${show([actor.use])} came in beside ${show(inside)}`);
    }
    // Law: first in, first out, for those who are never cancelled.
    const before = this.of('waiting').filter(
      (other) =>
        other.use.id < actor.use.id &&
        other.isQueued &&
        !other.isCancelled &&
        isWaiting(other) &&
        this.#isInLine(other, actor),
    );
    if (before.length > 0)
      throw new Error(`${show([actor.use])} barged past ${show(uses(before))}`);
    actor.state = 'inside';
    actor.giveBack = () => {
      actor.state = 'gone';
      giveBack();
    };
  }

  #isInLine(one: Actor, other: Actor): boolean {
    const line = this.#lineOf(one.use);
    return line !== undefined && line === this.#lineOf(other.use);
  }

  #lineOf(use: Use): unknown {
    return this.#keeper.line === undefined ? 'the line' : this.#keeper.line(use);
  }

  protected judge(): void {
    const inside = uses(this.of('inside'));
    const waiting = uses(this.of('waiting'));
    // Law: conservation. Nothing is lost to those who were cancelled, and nobody is left behind.
    expect(this.#keeper.statistics()).toMatchObject(this.#keeper.expected(inside, waiting));
    expect(this.#keeper.statistics().peak ?? this.#peak).toBe(this.#peak);
    const lines = new Set<unknown>();
    for (const use of waiting) {
      const line = this.#lineOf(use);
      const isFirst = line === undefined || !lines.has(line);
      lines.add(line);
      if (!isFirst || !this.#keeper.admits(use, inside)) continue;
      if (this.#keeper.isHeldBack?.(use, waiting) === true) continue;
      throw new Error(`${show([use])} waits though only ${show(inside)} are inside`);
    }
  }

  async end(): Promise<void> {
    await this.rest();
    for (let round = 0; this.of('gone').length < this.actors.length; round += 1) {
      if (round > 2 * this.actors.length)
        throw new Error(`stuck: ${show(uses(this.of('waiting')))}`);
      const inside = this.of('inside');
      for (const actor of inside) actor.giveBack?.();
      if (inside.length === 0) await this.#keeper.finish?.();
      await this.rest();
    }
    // Law: everything is as it was.
    const now = this.#keeper.statistics();
    expect({ ...now, peak: undefined }).toEqual({ ...this.#atStart, peak: undefined });
  }
}

/** Actors of kind 0 get, the others put. */
class ItemPlay extends Play {
  readonly #exchange: Exchange;
  /** Items that were accepted: their `put` resolved. */
  readonly #accepted = new Set<number>();
  /** Items, at the place of who got them: who resumes first may have come later. */
  readonly #gotBy: (number | undefined)[] = [];

  constructor(group: TaskGroup, exchange: Exchange) {
    super(group);
    this.#exchange = exchange;
  }

  protected come(use: Use, how: Cut): void {
    const actor = this.actor(use, how);
    this.group.spawn(async () => {
      if (use.kind === 0) await this.#get(actor);
      else await this.#put(actor);
      actor.state = 'gone';
    });
  }

  async #get(actor: Actor): Promise<void> {
    const item = await actor.call((options) => this.#exchange.get(options));
    if (item !== undefined) this.#gotBy[actor.use.id] = item;
  }

  async #put(actor: Actor): Promise<void> {
    const isPut = await actor.call(async (options) => {
      await this.#exchange.put(actor.use.id, options);
      return true;
    });
    if (isPut === true) this.#accepted.add(actor.use.id);
  }

  protected attempt(use: Use): void {
    this.actor(use, 'scope').state = 'gone';
    if (use.kind > 0) {
      if (this.#exchange.tryPut?.(use.id) === true) this.#accepted.add(use.id);
      return;
    }
    const taken = this.#exchange.tryGet?.();
    if (taken?.ok === true) this.#gotBy[use.id] = taken.value;
  }

  protected judge(): void {
    // Law: each accepted item comes out at most once, and nothing else does.
    const got = this.#got;
    expect(new Set(got).size).toBe(got.length);
    for (const item of got) expect(this.#accepted).toContain(item);
    if (this.#exchange.isOrdered !== false) expect(got).toEqual(got.toSorted((a, b) => a - b));
    const waiting = this.of('waiting');
    const getting = waiting.filter(({ use }) => use.kind === 0).length;
    const stored = this.#accepted.size - got.length;
    const quiet = { stored, putting: waiting.length - getting, getting };
    expect(this.#exchange.statistics()).toMatchObject(this.#exchange.expected(quiet));
    // Law: nobody waits for what is there.
    if (getting > 0 && stored > 0) throw new Error('somebody waits to get what is there');
  }

  async end(): Promise<void> {
    await this.rest();
    for (const actor of this.of('waiting')) {
      if (actor.use.kind === 0) actor.cancel();
    }
    await this.rest();
    for (let left = this.#left(); left > 0; left = this.#left()) {
      this.come({ id: this.actors.length, weight: 1, kind: 0 }, 'scope');
      await this.rest();
      if (this.#left() >= left) throw new Error(`stuck: ${show(uses(this.of('waiting')))}`);
    }
    // Law: each accepted item came out.
    expect(new Set(this.#got)).toEqual(this.#accepted);
  }

  get #got(): number[] {
    return this.#gotBy.filter((item) => item !== undefined);
  }

  #left(): number {
    return this.#accepted.size - this.#got.length + this.of('waiting').length;
  }
}

function uses(actors: readonly Actor[]): Use[] {
  return actors.map((actor) => actor.use);
}

function show(all: readonly Use[]): string {
  return all.map((use) => `#${use.id} (${use.weight}, ${use.kind})`).join(', ') || 'nobody';
}

const RUNS = 100;
/** Milliseconds of real time, on a busy machine. */
const LIMIT = 60_000;

function search(start: (group: TaskGroup) => Play): Promise<void> {
  return fc.assert(
    fc.asyncProperty(plays, (steps) =>
      testRun(async (group) => {
        const play = start(group);
        for (const next of steps) {
          const pause = play.take(next);
          if (pause !== undefined) await pause;
        }
        await play.end();
        play.close();
      }),
    ),
    { numRuns: RUNS },
  );
}

/** The suite for what is acquired and released. */
export function conservesPermits(name: string, make: () => Keeper): void {
  test(
    `${name}: no permit is lost, doubled, or handed out of turn, whoever is cancelled when`,
    () => search((group) => new PermitPlay(group, make())),
    LIMIT,
  );
}

/** The suite for what is put and got. */
export function conservesItems(name: string, make: () => Exchange): void {
  test(
    `${name}: each accepted item comes out once, in order, whoever is cancelled when`,
    () => search((group) => new ItemPlay(group, make())),
    LIMIT,
  );
}
