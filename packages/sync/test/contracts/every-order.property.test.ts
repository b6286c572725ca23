import { everyOrder } from '@ambit/core/testing';
import type { Task } from '@ambit/core';
import { bodies, FEW_DEVIATIONS, ORDERS } from './orders.ts';

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
