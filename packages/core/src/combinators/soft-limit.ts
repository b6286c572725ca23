import { TimeLimit } from './time-limit.ts';

/**
 * A time limit that the program goes on after. Below the other: a class without a constructor costs nothing, and one more above would.
 * No shape of it is kept: while few programs have objects of it, the constructors above know one class less.
 */
export class SoftLimit extends TimeLimit {
  override _absorbed(): undefined {
    return undefined;
  }
}
