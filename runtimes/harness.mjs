// What a test framework would do, in so few lines that every runtime can load them.

/** Thrown by a case that a runtime cannot pass, because the runtime lacks a feature. */
export class Lack extends Error {}

/** Ends the case: the table shows it as lacking, with the reason below. */
export function lack(reason) {
  throw new Lack(reason);
}

export function equal(actual, expected, what = 'value') {
  const [is, shouldBe] = [actual, expected].map(show);
  if (is !== shouldBe) throw new Error(`${what}: expected ${shouldBe}, got ${is}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Answers the error that the promise rejects with. */
export async function rejection(promise, what = 'promise') {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: expected a rejection, got the value ${show(value)}`);
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A turn of the host's own loop. */
export function turn() {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return pause(0);
}

function show(value) {
  if (value === undefined) return 'undefined';
  return JSON.stringify(value) ?? String(value);
}

// Far more than any case takes: what hangs is to be named.
const LIMIT = 60_000;

/** Runs the cases one after the other; answers a list of { feature, name, outcome, text?, detail? }. */
export async function runAll(features, environment) {
  const results = [];
  for (const [feature, cases] of Object.entries(features)) {
    for (const [name, fn] of Object.entries(cases)) {
      results.push({ feature, name, ...(await runOne(fn, environment)) });
    }
  }
  return results;
}

async function runOne(fn, environment) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${LIMIT} ms`)), LIMIT);
  });
  try {
    const detail = await Promise.race([fn(environment), late]);
    return { outcome: 'passed', ...(detail !== undefined && { detail }) };
  } catch (error) {
    if (error instanceof Lack) return { outcome: 'lacking', text: error.message };
    return { outcome: 'failed', text: `${error}\n${error?.stack ?? ''}` };
  } finally {
    clearTimeout(timer);
  }
}
