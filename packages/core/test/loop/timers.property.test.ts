import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventLoop } from '@ambit/core';
import { Timers } from '../../src/loop/timers.ts';
import type { Timer } from '../../src/loop/timer-heap.ts';

/** A loop whose clock we hold, and which knows the one timer that it may have. */
class HandLoop {
  time = 0;
  /** Whether the armed timer keeps the process alive. */
  isHeld = false;
  armedAtMost = 0;
  #armed: { when: number; callback: () => void } | undefined;
  #armedNow = 0;
  readonly #mayRest: boolean;

  constructor(mayRest = false) {
    this.#mayRest = mayRest;
  }

  now(): number {
    return this.time;
  }

  callAt(when: number, callback: () => void): object {
    const entry = { when, callback };
    this.#armed = entry;
    this.isHeld = true;
    this.#armedNow += 1;
    this.armedAtMost = Math.max(this.armedAtMost, this.#armedNow);
    const cancel = (): void => {
      if (this.#armed !== entry) return;
      this.#armed = undefined;
      this.#armedNow -= 1;
    };
    const hold = (isHeld: boolean) => () => {
      if (this.#mayRest && this.#armed === entry) this.isHeld = isHeld;
      return this.#mayRest;
    };
    return { when, cancel, _rest: hold(false), _resume: hold(true) };
  }

  get armed(): number | undefined {
    return this.#armed?.when;
  }

  /** Moves the clock, calling back on the way, and at the end. */
  advance(ms: number): void {
    const target = this.time + ms;
    for (let due = this.armed; due !== undefined && due <= target; due = this.armed) {
      this.time = Math.max(this.time, due);
      this.fire();
    }
    this.time = target;
  }

  /** Calls back now, whatever the time. */
  fire(): void {
    const due = this.#armed;
    this.#armed = undefined;
    this.#armedNow -= 1;
    due?.callback();
  }
}

/** What the heap is to do, in the plainest way: an array that is sorted each time. */
class Model {
  entries: { when: number; id: number; isRef?: boolean }[] = [];

  takeUntil(now: number): number[] {
    const due = this.entries.filter(({ when }) => when <= now);
    this.entries = this.entries.filter(({ when }) => when > now);
    return due.sort((a, b) => a.when - b.when || a.id - b.id).map(({ id }) => id);
  }

  get earliest(): number {
    return Math.min(Infinity, ...this.entries.map(({ when }) => when));
  }
}

type Step =
  | { do: 'add'; when: number }
  | { do: 'remove'; which: number }
  | { do: 'unref'; which: number }
  | { do: 'ref'; which: number }
  | { do: 'poll'; ms: number }
  | { do: 'advance'; ms: number };

// Few distinct instants, so that many are equal.
const ms = fc.integer({ min: 0, max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), when: ms }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unref' as const), which: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ref' as const), which: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('poll' as const), ms }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms }) },
);

test('the heap of timers does what a sorted list does, behind one timer of the loop', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.boolean(), (steps, mayRest) => {
      const loop = new HandLoop(mayRest);
      const timers = new Timers(loop as unknown as EventLoop);
      const model = new Model();
      const all: Timer[] = [];
      const expired: number[] = [];
      const expected: number[] = [];
      for (const each of steps) {
        if (each.do === 'add') {
          const id = all.length;
          const when = loop.time + each.when - 2;
          model.entries.push({ when, id, isRef: true });
          all.push(timers.add(when, { _expire: () => expired.push(id) }));
        } else if (each.do === 'remove') {
          const timer = all[each.which];
          if (timer === undefined) continue;
          timers.remove(timer);
          timers.remove(timer);
          model.entries = model.entries.filter(({ id }) => id !== each.which);
        } else if (each.do === 'unref' || each.do === 'ref') {
          const timer = all[each.which];
          if (timer === undefined) continue;
          timers[each.do](timer);
          for (const entry of model.entries) {
            if (entry.id === each.which) entry.isRef = each.do === 'ref';
          }
        } else if (each.do === 'poll') {
          loop.time += each.ms;
          timers.poll();
          expected.push(...model.takeUntil(loop.time));
        } else {
          loop.advance(each.ms);
          expected.push(...model.takeUntil(loop.time));
        }
        // Not expect(), which is slow, and this is done a hundred thousand times.
        assert.equal(expired.length, expected.length);
        assert.equal(timers.size, model.entries.length);
        assert.equal(timers.earliest, model.earliest);
        // The loop's timer is not later than the first entry, and keeps the process only for entries.
        if (model.entries.length > 0) {
          assert.ok((loop.armed ?? Infinity) <= model.earliest);
          assert.equal(loop.isHeld, !mayRest || model.entries.some(({ isRef }) => isRef === true));
        } else assert.ok(loop.armed === undefined || !loop.isHeld);
      }
      expect(expired).toEqual(expected);
      expect(loop.armedAtMost).toBeLessThanOrEqual(1);
    }),
    { numRuns: 150 },
  );
});

test('most of many timers are removed: the others expire in order', () => {
  const instants = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 300, maxLength: 300 });
  fc.assert(
    fc.property(instants, fc.integer({ min: 3, max: 20 }), (whens, kept) => {
      const loop = new HandLoop();
      const timers = new Timers(loop as unknown as EventLoop);
      const expired: number[] = [];
      const all = whens.map((when, id) => timers.add(when, { _expire: () => expired.push(id) }));
      const left = whens.map((when, id) => ({ when, id })).filter(({ id }) => id % kept === 0);
      for (const [id, timer] of all.entries()) if (id % kept !== 0) timers.remove(timer);
      loop.advance(60);
      const model = new Model();
      model.entries = left;
      expect(expired).toEqual(model.takeUntil(60));
    }),
    { numRuns: 50 },
  );
});

// rule 137, fact J2
test('a loop that wakes early is asked again, and nothing expires before its instant', () => {
  const loop = new HandLoop();
  const timers = new Timers(loop as unknown as EventLoop);
  const expired: number[] = [];
  timers.add(10, { _expire: () => expired.push(loop.time) });
  loop.time = 9;
  loop.fire();
  expect(expired).toEqual([]);
  expect(loop.armed).toBe(10);
  loop.advance(1);
  expect(expired).toEqual([10]);
});

test('a timer that expires may remove others and add new ones', () => {
  const loop = new HandLoop();
  const timers = new Timers(loop as unknown as EventLoop);
  const log: string[] = [];
  const third = timers.add(5, { _expire: () => log.push('third') });
  timers.add(3, {
    _expire: () => {
      log.push('first');
      timers.remove(third);
      timers.add(4, { _expire: () => log.push('second') });
      timers.add(9, { _expire: () => log.push('later') });
    },
  });
  loop.advance(6);
  expect(log).toEqual(['first', 'second']);
  loop.advance(6);
  expect(log).toEqual(['first', 'second', 'later']);
  expect(loop.armed).toBeUndefined();
});
