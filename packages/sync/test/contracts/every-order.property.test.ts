import { everyOrder } from '@ambit/core/testing';
import type { Task } from '@ambit/core';
import { bodies } from './orders.ts';

// Each is proved in all of its orders, with every worker cancelled at every step, once. The numbers of orders are the same
// on Node 20, 22 and 24: a change of them is a change of what can happen.
const ORDERS: Record<string, number> = {
  'Semaphore with weights': 3656,
  ReadWriteLock: 8560,
  Condition: 1405,
  CapacityLimiter: 184,
  KeyedLock: 184,
  Once: 169,
  select: 64,
  'a group in a task': 30,
  ResourcePool: 23,
  Barrier: 14,
};

// These have too many orders: those with at most two unusual choices.
const FEW_DEVIATIONS: Record<string, number> = { Queue: 321, 'a channel without a buffer': 155 };

// Seconds on a machine of its own; others may work on it too.
jest.setTimeout(150_000);

const cancel = (task: Task<unknown>): boolean => /^w\d/.test(task.name);

test.each(Object.entries(ORDERS))('%s holds in all %d orders', async (name, orders) => {
  const found = await everyOrder(bodies[name] as never, { cancel, time: Infinity });
  expect(found).toMatchObject({ tried: orders, isComplete: true, total: orders });
});

test.each(Object.entries(FEW_DEVIATIONS))('%s holds in %d orders', async (name, orders) => {
  const options = { cancel, time: Infinity, deviations: 2 };
  const found = await everyOrder(bodies[name] as never, options);
  expect(found).toMatchObject({ tried: orders, isComplete: false, deviations: 2 });
});

test('every body has its number', () => {
  expect(Object.keys({ ...ORDERS, ...FEW_DEVIATIONS }).sort()).toEqual(Object.keys(bodies).sort());
});
