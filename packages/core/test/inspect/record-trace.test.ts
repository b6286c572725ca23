import { execFileSync } from 'node:child_process';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { any, run, sleep, sleepForever, taskGroup, timeout } from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { recordTrace } from '../../src/inspect.ts';
import type { TraceRecorder } from '../../src/inspect.ts';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id?: number;
  readonly args?: { readonly state?: string };
}

function eventsOf(recorder: TraceRecorder): TraceEvent[] {
  const text = [...recorder.chunks()].join('');
  return (JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents;
}

/** The slices that overlap another one of their lane without lying in it. */
function crossings(events: readonly TraceEvent[]): string[] {
  const found: string[] = [];
  for (const lane of new Set(events.map(({ tid }) => tid))) {
    const slices = events.filter(({ ph, tid }) => ph === 'X' && tid === lane);
    slices.sort((a, b) => a.ts - b.ts || b.dur - a.dur);
    const open: TraceEvent[] = [];
    for (const slice of slices) {
      let around = open.at(-1);
      while (around !== undefined && around.ts + around.dur <= slice.ts + 1e-6) {
        open.pop();
        around = open.at(-1);
      }
      if (around !== undefined && slice.ts + slice.dur > around.ts + around.dur + 1e-6) {
        found.push(`${slice.name} crosses ${around.name}`);
      }
      open.push(slice);
    }
  }
  return found;
}

async function busyProgram(): Promise<void> {
  await taskGroup(async (group) => {
    const line = new ParkingLot();
    group.spawn(() => line.park({ name: 'the gate' }), { name: 'guest' });
    group.spawn(() => timeout(5, () => sleepForever()).catch(() => undefined), { name: 'late' });
    group.spawn(() => Promise.all([sleep(3), sleep(5), sleep(7)]), { name: 'several waits' });
    group.spawn(() => any([() => sleep(8, { value: 1 }), () => sleep(2, { value: 2 })]), {
      name: 'hedged',
    });
    group.spawn(
      async () => {
        await sleep(4);
        line.unparkAll();
      },
      { name: 'porter' },
    );
    for (let each = 0; each < 20; each += 1) group.spawn(() => sleep(1), { name: `job ${each}` });
    await group.join();
  });
}

test('tasks are slices with their waits in them, and the slices of each lane nest', async () => {
  const recorder = recordTrace();
  await busyProgram();
  recorder[Symbol.dispose]();
  const events = eventsOf(recorder);
  expect(crossings(events)).toEqual([]);
  const guest = events.find(({ name }) => name === 'guest');
  const gate = events.find(({ name }) => name === 'the gate');
  expect(guest?.args?.state).toBe('fulfilled');
  expect(gate).toMatchObject({ ph: 'X', cat: 'wait', tid: guest?.tid });
  // Those at the same time do not nest.
  expect(events.filter(({ ph, cat }) => ph === 'b' && cat === 'wait').length).toBeGreaterThan(1);
  const lanes = new Set(events.filter(({ cat }) => cat === 'task').map(({ tid }) => tid));
  expect(lanes.size).toBeGreaterThan(20);
});

test('arrows lead from the spawner to the task, and from the waker to the woken', async () => {
  const recorder = recordTrace();
  await run((group) => void group.spawn(busyProgram, { name: 'program' }));
  recorder[Symbol.dispose]();
  const events = eventsOf(recorder);
  const starts = events.filter(({ ph }) => ph === 's');
  const ends = events.filter(({ ph }) => ph === 'f');
  expect(starts.length).toBeGreaterThan(20);
  expect(starts.map(({ id }) => id).sort()).toEqual(ends.map(({ id }) => id).sort());
  const laneOf = (name: string): number | undefined =>
    events.find((event) => event.cat === 'task' && event.name === name)?.tid;
  const wake = starts.find(({ name, tid }) => name === 'wakes' && tid === laneOf('porter'));
  expect(ends.find(({ id }) => id === wake?.id)?.tid).toBe(laneOf('guest'));
  const spawn = ends.find(({ name, tid }) => name === 'spawns' && tid === laneOf('porter'));
  expect(starts.find(({ id }) => id === spawn?.id)?.tid).toBe(laneOf('program'));
});

test('cancellations are marks with their source', async () => {
  const recorder = recordTrace();
  await busyProgram();
  recorder[Symbol.dispose]();
  const marks = eventsOf(recorder).filter(({ ph }) => ph === 'i');
  expect(marks.map(({ name }) => name)).toContain('cancel scope: deadline');
});

test('tasks that live already begin at the start of the record, and unfinished ones end with it', () =>
  testRun(async () => {
    await taskGroup(async (group) => {
      group.spawn(() => sleepForever(), { name: 'old' });
      const recorder = recordTrace();
      await sleep(5);
      recorder[Symbol.dispose]();
      const old = eventsOf(recorder).find(({ name }) => name === 'old');
      expect(old).toMatchObject({ ph: 'X', args: { state: 'running' } });
      expect(old?.dur).toBeGreaterThan(0);
      group.cancel();
    });
  }));

test('a wait that goes on already begins at the start of the record, and ends as any other', () =>
  testRun(async () => {
    await taskGroup(async (group) => {
      const line = new ParkingLot();
      group.spawn(() => line.park({ name: 'the gate' }), { name: 'guest' });
      group.spawn(() => line.park({ name: 'the door' }), { name: 'stuck' });
      await sleep(1);
      const recorder = recordTrace();
      line.unpark();
      await sleep(5);
      recorder[Symbol.dispose]();
      const events = eventsOf(recorder);
      const [gate, door, guest, stuck] = ['the gate', 'the door', 'guest', 'stuck'].map((name) =>
        events.find((event) => event.name === name),
      );
      expect([gate?.cat, gate?.tid, gate?.ts]).toEqual(['wait', guest?.tid, guest?.ts]);
      expect([door?.tid, door?.dur]).toEqual([stuck?.tid, stuck?.dur]);
      expect(gate!.dur).toBeLessThan(door!.dur);
      expect(crossings(events)).toEqual([]);
      group.cancel();
    });
  }));

test('the last events are kept, and an end without its beginning keeps its name', async () => {
  const recorder = recordTrace({ limit: 100 });
  await taskGroup((group) => {
    for (let each = 0; each < 10_000; each += 1) group.spawn(() => 1, { name: 'short' });
  });
  recorder[Symbol.dispose]();
  const { events, dropped } = recorder.statistics;
  expect(events).toBeLessThanOrEqual(100);
  expect(events + dropped).toBeGreaterThanOrEqual(20_000);
  const slices = eventsOf(recorder).filter(({ cat }) => cat === 'task');
  expect(slices.length).toBeLessThanOrEqual(100);
  expect(new Set(slices.map(({ name }) => name))).toEqual(new Set(['short']));
});

test('an end whose beginning was overwritten is drawn from the start of the record', async () => {
  const recorder = recordTrace({ limit: 10, waits: false });
  await taskGroup(async (group) => {
    group.spawn(() => sleep(5), { name: 'long' });
    for (let each = 0; each < 100; each += 1) group.spawn(() => 1, { name: 'short' });
    await group.join();
  });
  recorder[Symbol.dispose]();
  const events = eventsOf(recorder);
  const first = Math.min(...events.filter(({ ph }) => ph === 'X').map(({ ts }) => ts));
  expect(events.find(({ name }) => name === 'long')?.ts).toBe(first);
});

test('without waits there are none', async () => {
  using recorder = recordTrace({ waits: false });
  await busyProgram();
  expect(eventsOf(recorder).filter(({ cat }) => cat === 'wait')).toEqual([]);
});

test('nothing is left after its end, and nothing is recorded', async () => {
  const names = ['task:spawn', 'task:settle', 'scope:cancel'];
  const heard = (): boolean[] => names.map((name) => channel(`ambit:${name}`).hasSubscribers);
  const recorder = recordTrace();
  expect(heard()).toEqual([true, true, true]);
  recorder[Symbol.dispose]();
  recorder[Symbol.dispose]();
  expect(heard()).toEqual([false, false, false]);
  const { events } = recorder.statistics;
  await busyProgram();
  expect(recorder.statistics.events).toBe(events);
});

test('the waits are told on channels, with the task that waits and the one that wakes', async () => {
  const told: string[] = [];
  const name = (task: unknown): string => (task as { name: string } | undefined)?.name ?? 'none';
  const onBegin = (message: unknown): void =>
    void told.push(`begin ${name((message as { task: unknown }).task)}`);
  const onEnd = (message: unknown): void =>
    void told.push(`end by ${name((message as { by: unknown }).by)}`);
  subscribe('ambit:wait:begin', onBegin);
  subscribe('ambit:wait:end', onEnd);
  await taskGroup((group) => {
    const line = new ParkingLot();
    group.spawn(() => line.park(), { name: 'guest' });
    group.spawn(() => line.unpark(), { name: 'porter' });
  });
  unsubscribe('ambit:wait:begin', onBegin);
  unsubscribe('ambit:wait:end', onEnd);
  expect(told).toContain('begin guest');
  expect(told).toContain('end by porter');
});

test('the trace engine of Chrome’s DevTools reads the record', async () => {
  const recorder = recordTrace();
  await run((group) => void group.spawn(busyProgram, { name: 'program' }));
  recorder[Symbol.dispose]();
  const input = [...recorder.chunks()].join('');
  const program = join(__dirname, '../fixtures/trace-engine.mjs');
  const entries = execFileSync(process.execPath, [program], { input, encoding: 'utf8' });
  expect(Number(entries)).toBeGreaterThan(30);
}, 30_000);

test.each([
  [{ limit: 0 }, 'recordTrace: limit is 0'],
  [{ limit: Infinity }, 'recordTrace: limit is Infinity'],
  [{ waits: 1 }, 'recordTrace: waits is 1'],
])('recordTrace(%j) throws', (options, message) => {
  expect(() => recordTrace(options as never)).toThrow(message);
});
