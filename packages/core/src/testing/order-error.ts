import { counted } from '../internal/counted.ts';
import { messageOf } from '../internal/errors.ts';
import { nameErrors } from '../internal/name-errors.ts';

/** A step of an order at which something else could have happened. */
export interface OrderStep {
  /** What happened. */
  readonly happens: string;
  /** What could have happened instead, and had to wait. */
  readonly instead: readonly string[];
  /** Whether something else happens there in the usual order. */
  readonly isDeviation: boolean;
}

// Of a longer story the end is shown: the failure is there.
const LONGEST = 50;

/** The failure that {@link everyOrder} found, with the order in which it happens. `cause`: what the body threw. */
export class OrderError extends Error {
  /** The token of the order: `everyOrder(body, { order })` runs it again. */
  readonly order: string;
  /** How many orders were tried, this one included. */
  readonly tried: number;
  /** Where there was a choice. */
  readonly steps: readonly OrderStep[];

  /** @internal */
  constructor(found: Pick<OrderError, 'order' | 'tried' | 'steps'>, cause: unknown) {
    super(describe(found, cause), { cause });
    this.order = found.order;
    this.tried = found.tried;
    this.steps = found.steps;
  }

  static {
    nameErrors(this, 'OrderError');
  }
}

function describe(
  { order, tried, steps }: Pick<OrderError, 'order' | 'tried' | 'steps'>,
  cause: unknown,
): string {
  const count = steps.filter(({ isDeviation }) => isDeviation).length;
  const choices = `${count === 0 ? 'no' : String(count)} ${count === 1 ? 'choice' : 'choices'}`;
  return [
    `everyOrder: order ${String(tried)} failed, with ${choices} unlike the usual: ${messageOf(cause)}`,
    ...storyOf(steps),
    `To see it again: everyOrder(body, { order: '${order}' })`,
  ].join('\n');
}

function storyOf(steps: readonly OrderStep[]): string[] {
  const lines = steps.map(({ happens, instead, isDeviation }, at) => {
    const others = instead.length === 0 ? '' : `   (not yet: ${instead.join('; ')})`;
    return `${isDeviation ? '*' : ' '}${String(at + 1).padStart(3)}. ${happens}${others}`;
  });
  if (lines.length <= LONGEST) return lines;
  const hidden = lines.length - LONGEST;
  return [`     (${counted(hidden, 'step')} before)`, ...lines.slice(hidden)];
}
