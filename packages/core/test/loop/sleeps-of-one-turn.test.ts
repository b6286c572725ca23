import type { EventLoop, Handle } from '../../src/loop/event-loop.ts';
import { Timers } from '../../src/loop/timers.ts';

// Timers of Node that were set in one turn with one length end in one turn, for its time stands still during a turn. Ours does not.

/** The host's loop, whose clock we hold here. */
class Host {
  time = 0;
  readonly clock = { now: (): number => this.time, isReal: true };
  /** The instants for which a timer of the host was set. */
  readonly armed: number[] = [];
  #due: (Handle & { callback: () => void }) | undefined;

  readonly loop = {
    now: () => this.time,
    callAt: (when: number, callback: () => void) => {
      this.armed.push(when);
      return (this.#due = { when, callback, cancel: () => (this.#due = undefined) });
    },
    _clock: () => this.clock,
  } as unknown as EventLoop;

  /** Lets the host's timer fire. */
  fire(): void {
    const due = this.#due;
    if (due === undefined) throw new Error('no timer');
    this.#due = undefined;
    this.time = due.when;
    due.callback();
  }
}

let host: Host;
let timers: Timers;
let log: string[];

beforeEach(() => {
  host = new Host();
  timers = new Timers(host.loop);
  log = [];
});

/** Begins a sleep when the clock says so. */
function sleepAt(at: number, name: string, { length = 10, stretch = 1 } = {}): void {
  host.time = at;
  const expire = (): void => void log.push(`${name} at ${String(host.time)}`);
  timers.add(at + length, { _length: length, _stretch: stretch, _expire: expire });
}

/** Begins what is no sleep. */
function limitAt(at: number, when: number): void {
  host.time = at;
  timers.add(when, { _expire: () => log.push(`limit at ${String(host.time)}`) });
}

test('sleeps of one length that began in one stretch end with the last of them, in their order', () => {
  sleepAt(0, 'a');
  sleepAt(1.5, 'b');
  sleepAt(2.25, 'c');
  host.fire();
  expect(log).toEqual([]);
  host.fire();
  expect(log).toEqual(['a at 12.25', 'b at 12.25', 'c at 12.25']);
  expect(host.armed).toEqual([10, 12.25]);
});

test('those that are due already end at once', () => {
  sleepAt(0, 'a');
  sleepAt(0, 'b');
  host.fire();
  expect(log).toEqual(['a at 10', 'b at 10']);
});

test.each([
  ['another length', { length: 10.5 }],
  ['another stretch', { stretch: 2 }],
])('a sleep of %s is no part of them', (_what, other) => {
  sleepAt(0, 'a');
  sleepAt(1, 'b', other);
  host.fire();
  expect(log).toEqual(['a at 10']);
});

test('a sleep waits for 5 ms at most', () => {
  sleepAt(0, 'a');
  sleepAt(4, 'b');
  sleepAt(5.5, 'c');
  host.fire();
  host.fire();
  expect(log).toEqual(['a at 14', 'b at 14']);
  host.fire();
  expect(log.at(-1)).toBe('c at 15.5');
});

test('it does not while something else is due in between', () => {
  sleepAt(0, 'a');
  limitAt(0, 11);
  sleepAt(3, 'b');
  host.fire();
  expect(log).toEqual(['a at 10']);
  host.fire();
  expect(log).toEqual(['a at 10', 'limit at 11']);
});

test('it waits for those before that', () => {
  sleepAt(0, 'a');
  sleepAt(1, 'b');
  limitAt(1, 12);
  sleepAt(3, 'c');
  sleepAt(3, 'd', { stretch: 2 });
  host.fire();
  host.fire();
  expect(log).toEqual(['a at 11', 'b at 11']);
});

test('what was due in between and was taken back is no matter', () => {
  sleepAt(0, 'a');
  timers.remove(timers.add(11, { _expire: () => log.push('gone') }));
  sleepAt(3, 'b');
  host.fire();
  host.fire();
  expect(log).toEqual(['a at 13', 'b at 13']);
});

test('a limit that is due before them ends alone', () => {
  limitAt(0, 9);
  sleepAt(0, 'a');
  sleepAt(2, 'b');
  host.fire();
  expect(log).toEqual(['limit at 9']);
  host.fire();
  host.fire();
  expect(log).toEqual(['limit at 9', 'a at 12', 'b at 12']);
});

test('a look at the clock ends what is due, whatever it waits for', () => {
  sleepAt(0, 'a');
  sleepAt(3, 'b');
  host.fire();
  host.time = 11;
  timers.poll();
  expect(log).toEqual(['a at 11']);
  host.fire();
  expect(log).toEqual(['a at 11', 'b at 13']);
});

test('one that is taken back is not waited for', () => {
  sleepAt(0, 'a');
  const gone = timers.add(14, { _length: 10, _stretch: 1, _expire: () => log.push('gone') });
  timers.remove(gone);
  host.fire();
  expect(log).toEqual(['a at 10']);
});

test('on a clock that tests turn each ends in its own time', () => {
  host.clock.isReal = false;
  sleepAt(0, 'a');
  sleepAt(2, 'b');
  host.fire();
  expect(log).toEqual(['a at 10']);
});
