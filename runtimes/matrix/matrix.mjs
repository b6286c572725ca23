// Every call that waits, made after an await, in a scope that is then cancelled; and what code knows of its scope there.
import { concurrentMap } from '@ambit/core';
import { lack, ok } from '../harness.mjs';
import { begin, cancel, LACKING, places, takesSignal } from './ask.mjs';
import { calls } from './calls.mjs';
import { knowledge } from './knowledge.mjs';
import { pause } from './pauses.mjs';

/** In ms: until all of them wait, and how long one may take to end. */
const [BEGIN, END] = [60, 5000];
/** Frames at a time. */
const FRAMES = 8;

const all = Object.entries(calls).flatMap(([door, named]) =>
  Object.entries(named).map(([name, call]) => ({ door, name, call, title: `${door}: ${name}` })),
);

/** All of them wait at once; they are cancelled one after the other. */
const followed = once(async () => {
  const probes = all.map(({ title, call }) => begin(title, places['after an await'](call)));
  await pause(BEGIN);
  const outcomes = new Map();
  for (const probe of probes) outcomes.set(probe.name, () => cancel(probe, END));
  for (const [title, ask] of outcomes) outcomes.set(title, await ask());
  return outcomes;
});

/** By title, the outcome in each place without the plugin. */
const unfollowed = once(async (askFrame) => {
  const seen = await concurrentMap(all, ({ door, name }) => askFrame(door, name), {
    limit: FRAMES,
  });
  return new Map(all.map(({ title }, index) => [title, seen[index]]));
});

export const matrix = {
  'calls after an await': casesOf(all.filter(isEverywhere), isCancelled),
  'calls of pages after an await': casesOf(all.filter(isOfPages), isCancelled),
  'the scope is known after an await': knowledge,
  'no silent loss without the plugin': casesOf(all, async ({ title, call }, { askFrame }) => {
    if (askFrame === undefined) lack('nothing is lost, or no frames');
    const { seen, warnings } = (await unfollowed(askFrame)).get(title);
    const text = JSON.stringify({ seen, warnings });
    const fine = ['cancelled', 'told'];
    for (const outcome of Object.values(seen))
      ok(fine.includes(outcome) || REFUSED.test(outcome), text);
    if (takesSignal(call)) ok(seen['after an await, with a signal'] === 'cancelled', text);
    return seen;
  }),
};

/** The doors `web` need what only pages have, or some runtimes. */
function isOfPages({ door }) {
  return door.endsWith('/web');
}

function isEverywhere(call) {
  return !isOfPages(call);
}

async function isCancelled({ title }) {
  const outcome = (await followed()).get(title);
  if (outcome.startsWith(LACKING)) lack(outcome.slice(LACKING.length));
  ok(outcome === 'cancelled', `it is cancelled, but: ${outcome}`);
}

/** An error says it more loudly than a warning. */
const REFUSED = /^(?:ended early: )?(?:LoopNotRunningError|InvalidStateError): /;

function casesOf(list, ask) {
  return Object.fromEntries(
    list.map((each) => [each.title, (environment) => ask(each, environment)]),
  );
}

function once(fn) {
  let made;
  return (...args) => (made ??= fn(...args));
}
