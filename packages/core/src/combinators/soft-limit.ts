import { keepShape } from '../internal/keep-shapes.ts';
import { TimeLimit } from './time-limit.ts';

/** A time limit that the program goes on after. Below the other: a class without a constructor costs nothing, and one more above would. */
export class SoftLimit extends TimeLimit {
  static {
    keepShape(this, new SoftLimit(0));
  }

  override _absorbed(): undefined {
    return undefined;
  }
}
