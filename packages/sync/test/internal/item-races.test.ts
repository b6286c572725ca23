// rules 20, 21, 201, 202, 215, 222, 223: what is handed over, and cancelled in the same tick, in either order.
import { CancelScope, checkpoint, taskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import {
  Broadcast,
  channel,
  Event,
  LifoQueue,
  PriorityQueue,
  Queue,
  select,
  Watch,
} from '@ambit/sync';
import type { SendPermit } from '@ambit/sync';

interface Race {
  /** Has to wait at first. */
  wait(options: { signal?: AbortSignal }): Promise<unknown>;
  /** Ends the wait of one, or of all. */
  handOver(): unknown;
}

/** One who waits is served, the others go on waiting. */
const ONE: Record<string, () => Race> = {
  'Queue.get': () => {
    const queue = new Queue<number>();
    return { wait: (options) => queue.get(options), handOver: () => queue.tryPut(1) };
  },
  'PriorityQueue.get': () => {
    const queue = new PriorityQueue<number>({ compare: (a, b) => a - b });
    return { wait: (options) => queue.get(options), handOver: () => queue.tryPut(1) };
  },
  'LifoQueue.get': () => {
    const queue = new LifoQueue<number>();
    return { wait: (options) => queue.get(options), handOver: () => queue.tryPut(1) };
  },
  'Queue.put': () => {
    const queue = new Queue<number>({ capacity: 1 });
    queue.tryPut(0);
    return { wait: (options) => queue.put(1, options), handOver: () => queue.tryGet() };
  },
  'the iteration of a queue': () => {
    const queue = new Queue<number>();
    const iterator = queue[Symbol.asyncIterator]();
    return { wait: () => iterator.next(), handOver: () => queue.tryPut(1) };
  },
  'receive, of a channel that stores nothing': () => {
    const [sender, receiver] = channel<number>();
    return { wait: (options) => receiver.receive(options), handOver: () => sender.trySend(1) };
  },
  'receive, of a channel with a capacity': () => {
    const [sender, receiver] = channel<number>(2);
    return { wait: (options) => receiver.receive(options), handOver: () => sender.trySend(1) };
  },
  'receive, handed over by a permit': () => {
    const [sender, receiver] = channel<number>(2);
    let permit: SendPermit<number> | undefined;
    void sender.reserve().then((reserved) => (permit = reserved));
    return { wait: (options) => receiver.receive(options), handOver: () => permit?.send(1) };
  },
  'the iteration of a channel': () => {
    const [sender, receiver] = channel<number>();
    const iterator = receiver[Symbol.asyncIterator]();
    return { wait: () => iterator.next(), handOver: () => sender.trySend(1) };
  },
  'send, to a channel that stores nothing': () => {
    const [sender, receiver] = channel<number>();
    return { wait: (options) => sender.send(1, options), handOver: () => receiver.tryReceive() };
  },
  'send, to a channel with a capacity': () => {
    const [sender, receiver] = channel<number>(1);
    sender.trySend(0);
    return { wait: (options) => sender.send(1, options), handOver: () => receiver.tryReceive() };
  },
  reserve: () => {
    const [sender, receiver] = channel<number>(1);
    sender.trySend(0);
    return { wait: (options) => sender.reserve(options), handOver: () => receiver.tryReceive() };
  },
  'select.receive': () => {
    const [sender, receiver] = channel<number>();
    const [, never] = channel<number>();
    return {
      wait: () => select(select.receive(never), select.receive(receiver)),
      handOver: () => sender.trySend(1),
    };
  },
  'select.send': () => {
    const [sender, receiver] = channel<number>();
    const [, never] = channel<number>();
    return {
      wait: () => select(select.send(sender, 1), select.receive(never)),
      handOver: () => receiver.tryReceive(),
    };
  },
  publish: () => {
    const broadcast = new Broadcast<number>({ capacity: 1, onLag: 'wait' });
    const subscription = broadcast.subscribe();
    void broadcast.publish(0);
    return {
      wait: (options) => broadcast.publish(1, options),
      handOver: () => subscription.next(),
    };
  },
};

/** All who wait are served. */
const ALL: Record<string, () => Race> = {
  'Queue.join': () => {
    const queue = new Queue<number>();
    queue.tryPut(1);
    return { wait: (options) => queue.join(options), handOver: () => queue.taskDone() };
  },
  'select.event': () => {
    const event = new Event();
    return { wait: () => select(select.event(event)), handOver: () => event.set() };
  },
  'a subscription of a broadcast': () => {
    const broadcast = new Broadcast<number>({ onLag: 'error' });
    return { wait: () => broadcast.subscribe().next(), handOver: () => broadcast.publish(1) };
  },
  'Watch.changed': () => {
    const watch = new Watch(0);
    return { wait: (options) => watch.changed(options), handOver: () => (watch.value = 1) };
  },
  'Watch.waitFor': () => {
    const watch = new Watch(0);
    return {
      wait: (options) => watch.waitFor((value) => value > 0, options),
      handOver: () => (watch.value = 1),
    };
  },
  'a subscription of a watch': () => {
    const watch = new Watch(0);
    return {
      wait: () => {
        const subscription = watch.subscribe();
        void subscription.next();
        return subscription.next();
      },
      handOver: () => (watch.value = 1),
    };
  },
};

const takesNoSignal = /select|iteration|subscription/;

const table = [...Object.entries(ONE), ...Object.entries(ALL)].flatMap(([name, make]) =>
  ['scope', 'signal']
    .filter((how) => how === 'scope' || !takesNoSignal.test(name))
    .map((how) => ({ name, how, make, isForAll: name in ALL })),
);

/** Two wait; the first is cancelled. Answers what they came to, in order. */
async function play(
  make: () => Race,
  how: string,
  moves: readonly ('hand over' | 'cancel' | 'a turn')[],
): Promise<string[]> {
  const log: string[] = [];
  await testRun(async (group) => {
    const race = make();
    const scope = new CancelScope();
    const controller = new AbortController();
    const options = how === 'signal' ? { signal: controller.signal } : {};
    const cancel = (): void => {
      if (how === 'signal') controller.abort();
      else scope.cancel();
    };
    group.spawn(() =>
      scope.run(async () => {
        try {
          await race.wait(options);
          log.push('first served');
          await checkpoint();
          if (how === 'signal') controller.signal.throwIfAborted();
          log.push('first goes on');
        } catch {
          log.push('first cancelled');
        }
      }),
    );
    const second = group.spawn(async () => {
      await race.wait({});
      log.push('second served');
    });
    await settle();
    expect(log).toEqual([]);
    for (const move of moves) {
      if (move === 'hand over') void race.handOver();
      else if (move === 'cancel') cancel();
      else await settle();
    }
    await settle();
    second.cancel();
  });
  return log;
}

describe.each(table)('$name, cancelled by $how', ({ make, how, isForAll }) => {
  test('handed over, then cancelled in the same tick: keeps it, and meets the cancellation next', async () => {
    expect(await play(make, how, ['hand over', 'cancel'])).toEqual([
      'first served',
      ...(isForAll ? ['second served'] : []),
      'first cancelled',
    ]);
  });

  test('cancelled, then handed over in the same tick: is skipped, and the next one is served', async () => {
    const log = await play(make, how, ['cancel', 'hand over']);
    expect(log.toSorted()).toEqual(['first cancelled', 'second served']);
  });

  test('handed over, and cancelled once it has gone on', async () => {
    const log = await play(make, how, ['hand over', 'a turn', 'cancel']);
    expect(log.filter((line) => line.startsWith('first'))).toEqual([
      'first served',
      'first goes on',
    ]);
    expect(log.includes('second served')).toBe(isForAll);
  });

  test('cancelled, and handed over once it is gone', async () => {
    expect(await play(make, how, ['cancel', 'a turn', 'hand over'])).toEqual([
      'first cancelled',
      'second served',
    ]);
  });
});

test.each([...Object.entries(ONE), ...Object.entries(ALL)])(
  '%s, handed over by a cleanup in the midst of its own cancellation: is skipped',
  (_, make) =>
    testRun(async (group) => {
      // rule 21
      const race = make();
      const scope = new CancelScope();
      const cut = group.spawn(() =>
        scope.run(() =>
          taskGroup((inner) => {
            // Cancelled before the other, and undone while that still stands in its line.
            inner.spawn(() => park(() => () => void race.handOver()));
            return inner.spawn(() => race.wait({}));
          }),
        ),
      );
      const next = group.spawn(async () => ({ value: await race.wait({}) }));
      await settle();
      scope.cancel();
      expect(await cut).toBe(undefined);
      await settle();
      expect(next.state).toBe('fulfilled');
      next.cancel();
    }),
);

test.each([...Object.entries(ONE), ...Object.entries(ALL)])(
  '%s is a checkpoint, and has no effect in a cancelled scope',
  (_, make) =>
    testRun(async (group) => {
      // rules 19, 270
      const race = make();
      await expectCheckpoint(() => race.wait({}));
      // Who comes next is served as if nothing had been.
      const next = group.spawn(() => race.wait({}));
      await settle();
      expect(next.done).toBe(false);
      void race.handOver();
      await next;
      await settle();
    }),
);
