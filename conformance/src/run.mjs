import { setTimeout as realPause } from 'node:timers/promises';
import { checks } from './checks.mjs';

/**
 * Asks one contender every question. A question whose operation it does not have is a no.
 *
 * @returns an object with `true` or `false` for the id of each question
 */
export async function conformance(contender, { pause = (ms) => realPause(ms), unit = 30 } = {}) {
  const answers = {};
  for (const check of checks) {
    answers[check.id] =
      contender[check.needs] === undefined ? false : await ask(check, { contender, pause, unit });
  }
  return answers;
}

function ask(check, { contender, pause, unit }) {
  const log = [];
  const work = (name, units, { cleanup = 0, ...rest } = {}) =>
    contender.work({ name, ms: units * unit, cleanup: cleanup * unit, log, ...rest });
  const waiting = (units) => pause(units * unit);
  return check.ask({ contender: inUnits(contender, unit), work, log, pause: waiting });
}

/** The operations that take a time take milliseconds; the questions count in units. */
function inUnits(contender, unit) {
  const timed = ['timeout', 'withSignal', 'plain', 'foreign'].filter((name) => contender[name]);
  const scaled = timed.map((name) => [
    name,
    (units, body) => contender[name](units * unit, body, unit),
  ]);
  return { ...contender, ...Object.fromEntries(scaled) };
}
