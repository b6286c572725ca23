// What code knows of its scope after an await, and the waits of our own functions that go on for longer than a turn.
import {
  any,
  CancelScope,
  ContextVar,
  createTask,
  currentScope,
  currentTask,
  isCancelled,
  InvalidStateError,
  moveOnAfter,
  run,
  sleep,
  TaskGroup,
  taskGroup,
  timeout,
} from '@ambit/core';
import { interval, mapConcurrent } from '@ambit/core/iter';
import { currentGroup } from '@ambit/core/lowlevel';
import { Broadcast, channel, Lock, Once, Queue, Watch } from '@ambit/sync';
import { equal, ok, rejection } from '../harness.mjs';
import { drain, LONG, pause, turn, wait } from './pauses.mjs';

/** What would wait for itself is refused. */
async function isRefused(work) {
  const error = await rejection(work);
  ok(error instanceof InvalidStateError, String(error));
}

/** In the synchronous part of a scope, which is cancelled once the work has gone on for a while. */
async function ends(work) {
  const scope = new CancelScope();
  let isOver = false;
  const running = scope.run(work).finally(() => (isOver = true));
  await pause(15);
  equal(isOver, false, 'it has ended by itself');
  scope.cancel();
  await running;
}

const refusals = {
  'lock.run() inside of itself': () => {
    const lock = new Lock();
    const inner = async () => {
      await turn();
      await lock.run(() => 1);
    };
    return isRefused(taskGroup(() => lock.run(inner)));
  },
  'lock.acquire() inside of lock.run()': () => {
    const lock = new Lock();
    const inner = async () => {
      await turn();
      await lock.acquire();
    };
    return isRefused(taskGroup(() => lock.run(inner)));
  },
  'once.get() inside of itself': () => {
    const once = new Once();
    const get = () =>
      once.get(async () => {
        await turn();
        return get();
      });
    return isRefused(taskGroup(get));
  },
  'a task that awaits itself': () =>
    isRefused(
      taskGroup((group) => {
        const task = group.spawn(async () => {
          await turn();
          await task;
        });
      }),
    ),
  'a task that joins itself': () =>
    isRefused(
      taskGroup((group) => {
        const task = group.spawn(async () => {
          await turn();
          await task.join();
        });
      }),
    ),
  'a task that joins its group': () =>
    isRefused(
      taskGroup((group) => {
        group.spawn(async () => {
          await turn();
          await group.join();
        });
      }),
    ),
  'run() in run()': () =>
    isRefused(
      run(async () => {
        await turn();
        await run(() => 1);
      }),
    ),
};

const places = {
  'currentTask()': () =>
    taskGroup(async (group) => {
      const named = async () => {
        await turn();
        return currentTask()?.name;
      };
      equal(await group.spawn(named, { name: 'mine' }), 'mine');
    }),
  'currentGroup()': () =>
    taskGroup(async (group) => {
      await turn();
      ok(currentGroup() === group, 'it is the group around');
    }),
  'currentScope().effectiveDeadline': () =>
    timeout(LONG, async () => {
      await turn();
      ok(currentScope().effectiveDeadline < Infinity, 'there is a deadline');
    }),
  'ContextVar.get()': () => {
    const variable = new ContextVar({ defaultValue: 'default' });
    return variable.run('mine', async () => {
      await turn();
      equal(variable.get(), 'mine');
    });
  },
  'ContextVar.get() in a task that is spawned later': () => {
    const variable = new ContextVar({ defaultValue: 'default' });
    return taskGroup((group) =>
      variable.run('mine', async () => {
        await turn();
        equal(await group.spawn(() => variable.get()), 'mine');
      }),
    );
  },
  'createTask() in run()': () =>
    run(async () => {
      await turn();
      equal(await createTask(() => 1), 1);
    }),
  'a group that is opened later ends with the scope': async () => {
    let hasEnded = false;
    const child = async () => {
      try {
        await wait();
      } finally {
        hasEnded = true;
      }
    };
    await moveOnAfter(10, async () => {
      await turn();
      await taskGroup((group) => void group.spawn(child));
    });
    equal(hasEnded, true);
  },
  'TaskGroup.join() asks the scope of the group': async () => {
    const outer = new CancelScope();
    const joined = async () => {
      await turn();
      const group = new TaskGroup({ parent: outer });
      group.spawn(wait);
      await group.join();
    };
    const error = outer.run(() => rejection(joined()));
    await pause(10);
    outer.cancel();
    ok(isCancelled(await error), 'it is cancelled');
  },
};

const own = {
  'any() that is staggered': () => ends(() => any([wait, wait], { stagger: 2 })),
  'for await of interval()': () => ends(() => drain(interval(2))),
  'for await of mapConcurrent()': () =>
    ends(() => drain(mapConcurrent([1, 2, 3], (n) => (n === 1 ? 1 : sleep(LONG)), { limit: 1 }))),
  'for await of a Watch': () => ends(() => drain(new Watch(1).subscribe())),
  'for await of a Queue, at its second item': async () => {
    const queue = new Queue();
    await queue.put(1);
    await ends(() => drain(queue));
  },
  'for await of a channel, at its second item': async () => {
    const [sender, receiver] = channel(4);
    await sender.send(1);
    await ends(() => drain(receiver));
  },
  'for await of a Broadcast, at its second item': async () => {
    const broadcast = new Broadcast({ onLag: 'error', replay: 1 });
    await broadcast.publish(1);
    await ends(() => drain(broadcast.subscribe()));
  },
};

export const knowledge = { ...refusals, ...places, ...own };
