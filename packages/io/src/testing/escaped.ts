import { InvalidStateError } from '@ambit/core';

/** Something would reach the machine that the test runs on. */
export function escaped(where: string, what: string, cure: string): InvalidStateError {
  return new InvalidStateError(`${where}: a simulated host has no ${what}; ${cure}`);
}
