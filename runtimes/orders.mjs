// The programs of packages/sync/test/contracts/orders.ts in all of their orders: as many on each runtime.
import { everyOrder } from '@ambit/core/testing';
import { equal } from './harness.mjs';

// The workshop has written it.
const { bodies, FEW_DEVIATIONS, ORDERS } = await import(
  new URL('bodies.mjs', import.meta.url).href
);

const cancel = (task) => /^w\d/.test(task.name);

async function count(name, options) {
  const { tried } = await everyOrder(bodies[name], { cancel, time: Infinity, ...options });
  return [name, tried];
}

export const orders = {
  'every order': {
    'is met as often as it should be': async () => {
      for (const entry of Object.entries(ORDERS)) equal(await count(entry[0]), entry, 'orders');
      for (const entry of Object.entries(FEW_DEVIATIONS))
        equal(await count(entry[0], { deviations: 2 }), entry, 'orders with two deviations');
    },
  },
};
