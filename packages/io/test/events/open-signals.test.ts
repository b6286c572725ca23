import { CancelScope, currentTask, moveOnAfter, taskGroup } from '@ambit/core';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { BusyResourceError, openSignals } from '../../src/index.ts';

interface Outcome {
  readonly end: number | string | null;
  readonly lines: string[];
  readonly err: string;
}

/** Runs a scenario of the fixture; sends it a signal when it first says one of these lines. */
function program(scenario: string, signals: Record<string, NodeJS.Signals> = {}): Promise<Outcome> {
  const path = join(__dirname, '../fixtures', 'signals.mjs');
  const child = spawn(process.execPath, [path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  const toSend = new Map(Object.entries(signals));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const line of out.split('\n')) {
      const signal = toSend.get(line);
      if (signal !== undefined) child.kill(signal);
      toSend.delete(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ end: code ?? signal, lines: out.trimEnd().split('\n'), err });
    });
  });
}

// In jest `process` is a copy that gets no signals: here they are made by hand.
const emit = (name: NodeJS.Signals): boolean => process.emit(name, name);

// rule 244
describe('signals that the system sends', () => {
  test('are received in a loop, which keeps the process alive', async () => {
    const { end, lines, err } = await program('receive', { ready: 'SIGHUP', more: 'SIGUSR2' });
    expect(lines).toEqual(['ready', 'got SIGHUP', 'more', 'got SIGUSR2', 'listeners: 0']);
    expect([end, err]).toEqual([0, '']);
  });

  test('coalesce until they are received; each kind has its turn', async () => {
    const { lines } = await program('coalesce');
    expect(lines[0]?.split(' ').sort()).toEqual(['SIGHUP', 'SIGHUP', 'SIGUSR2']);
    expect(lines[0]).not.toMatch(/SIGHUP SIGHUP/);
  });

  test.each(['undelivered', 'undeliveredSync'])(
    'and nobody received have their default action at the end (%s)',
    async (scenario) => {
      expect((await program(scenario)).end).toBe('SIGHUP');
    },
  );

  test('are not sent again if somebody else has had them', async () => {
    const { end, lines } = await program('others');
    expect(lines).toEqual(['the other got it', 'lives on']);
    expect(end).toBe(0);
  });

  test('have their default action again after the end', async () => {
    expect((await program('restored', { ready: 'SIGHUP' })).end).toBe('SIGHUP');
  });

  test('that nobody waits for keep no process alive', async () => {
    expect((await program('idle')).end).toBe(0);
  });

  test('do not reach worker threads, which is said at once', async () => {
    const { lines } = await program('worker');
    expect(lines[0]).toMatch('openSignals: this is a worker thread, which gets no signals');
  });
});

// rule 244
describe('openSignals', () => {
  test('wakes who waits, with each signal once', async () => {
    using signals = openSignals('SIGHUP', 'SIGUSR2');
    const iterator = signals[Symbol.asyncIterator]();
    const first = iterator.next();
    emit('SIGUSR2');
    emit('SIGUSR2');
    expect(await first).toEqual({ done: false, value: 'SIGUSR2' });
    emit('SIGHUP');
    emit('SIGHUP');
    expect(await iterator.next()).toEqual({ done: false, value: 'SIGHUP' });
    expect(await moveOnAfter(10, () => iterator.next())).toBeUndefined();
  });

  test('starves none: what came first is received first, however often another comes', async () => {
    using signals = openSignals('SIGHUP', 'SIGUSR2');
    const iterator = signals[Symbol.asyncIterator]();
    emit('SIGHUP');
    emit('SIGUSR2');
    const got: unknown[] = [];
    for (let i = 0; i < 4; i += 1) {
      got.push((await iterator.next()).value);
      // One that is left over would end this process, by SIGHUP.
      if (i < 3) emit('SIGHUP');
    }
    expect(got).toEqual(['SIGHUP', 'SIGUSR2', 'SIGHUP', 'SIGHUP']);
  });

  test('loses no signal to a wait that is cancelled, before or in the same turn', async () => {
    using signals = openSignals('SIGHUP');
    const iterator = signals[Symbol.asyncIterator]();
    const scope = new CancelScope();
    const waiting = scope.run(() => iterator.next());
    scope.cancel();
    emit('SIGHUP');
    expect(await waiting).toBeUndefined();
    expect(await iterator.next()).toEqual({ done: false, value: 'SIGHUP' });

    const late = new CancelScope();
    const woken = late.run(() => iterator.next());
    emit('SIGHUP');
    late.cancel();
    expect(await woken).toEqual({ done: false, value: 'SIGHUP' });

    emit('SIGHUP');
    const cancelled = new CancelScope();
    cancelled.cancel();
    expect(await cancelled.run(() => iterator.next())).toBeUndefined();
    expect(await iterator.next()).toEqual({ done: false, value: 'SIGHUP' });
  });

  test('is for one loop at a time', async () => {
    using signals = openSignals('SIGHUP', 'SIGUSR2');
    const waiting = signals[Symbol.asyncIterator]().next();
    const second = signals[Symbol.asyncIterator]();
    await expect(second.next()).rejects.toThrow(BusyResourceError);
    await expect(second.next()).rejects.toThrow('waits for the next of SIGHUP, SIGUSR2');
    emit('SIGHUP');
    expect((await waiting).value).toBe('SIGHUP');
    emit('SIGUSR2');
    expect((await second.next()).value).toBe('SIGUSR2');
  });

  test('gives each of two receivers each signal', async () => {
    using one = openSignals('SIGHUP');
    using other = openSignals('SIGHUP');
    emit('SIGHUP');
    for (const signals of [one, other]) {
      expect((await signals[Symbol.asyncIterator]().next()).value).toBe('SIGHUP');
    }
  });

  test('goes on after a loop was left', async () => {
    using signals = openSignals('SIGHUP');
    for (let i = 0; i < 2; i += 1) {
      emit('SIGHUP');
      for await (const signal of signals) {
        expect(signal).toBe('SIGHUP');
        break;
      }
    }
    const iterator = signals[Symbol.asyncIterator]();
    await iterator.return!();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('ends the loop when it is closed, and closes with the group around', async () => {
    let loop: Promise<string[]> | undefined;
    await taskGroup(async () => {
      const signals = openSignals('SIGHUP', 'SIGHUP');
      expect(process.listenerCount('SIGHUP')).toBe(1);
      loop = collect(signals);
    });
    expect(process.listenerCount('SIGHUP')).toBe(0);
    expect(await loop).toEqual([]);
    const signals = openSignals('SIGHUP');
    signals[Symbol.dispose]();
    signals[Symbol.dispose]();
    await signals[Symbol.asyncDispose]();
    expect(await signals[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  // rule 249
  test('goes on in the context of the loop, not of the signal', async () => {
    await taskGroup(async (group) => {
      const signals = openSignals('SIGHUP');
      const seen = group.spawn(
        async () => {
          for await (const _signal of signals) return currentTask()?.name;
          return undefined;
        },
        { name: 'the loop' },
      );
      group.spawn(() => emit('SIGHUP'), { name: 'the signal' });
      expect(await seen).toBe('the loop');
    });
  });

  test.each<[unknown[], RegExp]>([
    [[], /no signal is named/],
    [['SIGHUP', 'SIGNONE'], /"SIGNONE" is no signal here; give names like/],
    [['toString'], /"toString" is no signal/],
    [[1], /1 is no signal/],
    [['SIGKILL'], /SIGKILL cannot be handled/],
    [['SIGSTOP'], /SIGSTOP cannot be handled/],
  ])('refuses %j, and listens to nothing', (names, message) => {
    const call = openSignals as (...names: unknown[]) => unknown;
    expect(() => call(...names)).toThrow(message);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });
});

async function collect(source: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const item of source) all.push(item);
  return all;
}

test('return() of a loop ends its next() that waits; the next signal goes to the next loop', async () => {
  await using signals = openSignals('SIGUSR2');
  const iterator = signals[Symbol.asyncIterator]();
  const next = iterator.next();
  await iterator.return!();
  expect(await next).toEqual({ done: true, value: undefined });
  emit('SIGUSR2');
  expect(await signals[Symbol.asyncIterator]().next()).toEqual({ done: false, value: 'SIGUSR2' });
});
