import { show } from '../internal/check.ts';

/**
 * An order, told by what differs from the usual one: at which step which choice. A chain from the last
 * deviation to the first, so that the many orders that are still to be tried share their beginnings.
 * Undefined: the usual order.
 */
export interface Path {
  readonly before: Path | undefined;
  /** The number of the choice, from 0: steps without a choice are not counted. */
  readonly step: number;
  /** From 1: choice 0 is the usual one. */
  readonly choice: number;
  /** What the run has to do up to this step, if that is known: see `Trace`. */
  readonly print?: number;
}

/** Which choice to take at each step. */
export function choicesOf(path: Path | undefined): (step: number) => number {
  const choices = new Map(deviations(path).map(({ step, choice }) => [step, choice]));
  return (step) => choices.get(step) ?? 0;
}

const USUAL = 'usual';

export function tokenOf(path: Path | undefined): string {
  const steps = deviations(path).map(({ step, choice }) => `${String(step)}.${String(choice)}`);
  return steps.length === 0 ? USUAL : steps.join('-');
}

/** The order that a token means. */
export function pathOf(token: unknown): Path | undefined {
  if (token === USUAL) return undefined;
  const isToken = typeof token === 'string' && /^\d+\.[1-9]\d*(-\d+\.[1-9]\d*)*$/.test(token);
  const pairs = isToken ? token.split('-').map((pair) => pair.split('.').map(Number)) : [];
  let path: Path | undefined;
  for (const [step = -1, choice = 0] of pairs) {
    if (step <= (path?.step ?? -1)) throw refused(token);
    path = { before: path, step, choice };
  }
  if (path === undefined) throw refused(token);
  return path;
}

function refused(token: unknown): Error {
  const Kind = typeof token === 'string' ? RangeError : TypeError;
  return new Kind(
    `everyOrder: order is ${show(token)}; give the token of a failure, as '0.1-3.2' or 'usual'`,
  );
}

/** From the first to the last. */
function deviations(path: Path | undefined): Path[] {
  const chain: Path[] = [];
  for (let here = path; here !== undefined; here = here.before) chain.push(here);
  return chain.reverse();
}
