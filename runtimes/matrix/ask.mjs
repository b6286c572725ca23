// Whether a call ends when its scope is cancelled.
import { detached, isCancelled, TaskGroup } from '@ambit/core';
import { Lack } from '../harness.mjs';
import { pause, turn } from './pauses.mjs';

/** Where the call is made in the body of a task: each takes the call, and gives such a body. */
export const places = {
  'before the first await': (call) => (task, group) => call({}, group),
  'after an await': (call) => async (task, group) => {
    await null;
    await turn();
    return call({}, group);
  },
  'after an await, with a signal': (call) => async (task, group) => {
    await null;
    await turn();
    return call({ signal: task.signal }, group);
  },
};

/** What takes no options has no signal. */
export const takesSignal = (call) => call.length > 0 && !/^\(_,/.test(call.toString());

export const LACKING = 'lacking: ';

/** Begins a call in the scope of a task of its own. */
export function begin(name, body) {
  const group = detached(() => new TaskGroup());
  const probe = { name, scope: group.scope, outcome: undefined, ended: undefined };
  // What it throws at once is its outcome too.
  const task = group.spawn(async (own) => await body(own, group));
  const note = (outcome) => (probe.outcome = outcome);
  probe.ended = task.then(
    (value) => note({ value }),
    (error) => note({ error }),
  );
  return probe;
}

/**
 * Cancels it, and tells its outcome: `cancelled`, `lost` if it still waits after `ms`, or what else happened.
 * That the reason is its own shows that it was in no other scope.
 */
export async function cancel({ name, scope, ended, ...probe }, ms) {
  const early = probe.outcome;
  if (early?.error instanceof Lack) return `${LACKING}${early.error.message}`;
  if (early !== undefined) return `ended early: ${textOf(early)}`;
  scope.cancel(name);
  const outcome = await Promise.race([ended, pause(ms)]);
  if (outcome === undefined) return 'lost';
  const { error } = outcome;
  return isCancelled(error) && error.cause === name ? 'cancelled' : textOf(outcome);
}

function textOf({ value, error }) {
  return error === undefined ? `the value ${String(value)}` : `${error.name}: ${error.message}`;
}
