import { allTasks } from '@ambit/core';

/** Types forbid most of what is bad; users of plain JavaScript have none. */
export const bad = (value: unknown): never => value as never;

const calls: string[] = [];

/** What must not be called. */
export const called = (): void => void calls.push('called');

/** A call, what the error says, and its class, TypeError if it is not given. */
export type Refusal = [
  call: () => unknown,
  message: string | RegExp,
  kind?: new (message?: string) => Error,
];

const events = ['SIGINT', 'SIGTERM', 'beforeExit'];
const counts = () => events.map((event) => process.listenerCount(event));
const countsBefore = counts();

function titled(cases: readonly Refusal[]) {
  return cases.map(([call, message, kind = TypeError]) => ({
    call,
    message,
    kind,
    // As it was before it was transpiled.
    title: String(call)
      .replace(/\s+/g, ' ')
      .replace(/\(0, \w+\.(\w+)\)/g, '$1')
      .replace(/\b\w+_\d\.(\w+)/g, '$1')
      .slice('() => '.length),
  }));
}

/** It is the error that was expected, nothing was called, and nothing is left. */
function expectRefusal(
  error: unknown,
  message: string | RegExp,
  kind: new (message?: string) => Error = TypeError,
): void {
  expect(error).toBeInstanceOf(kind);
  if (typeof message === 'string') expect((error as Error).message).toContain(message);
  else expect((error as Error).message).toMatch(message);
  expect(calls).toEqual([]);
  expect(allTasks().size).toBe(0);
  expect(counts()).toEqual(countsBefore);
}

/** A test for each call: its promise rejects, and it does not throw, so that one place to catch is enough. */
export function testRejections(cases: readonly Refusal[]): void {
  // rule 101
  test.each(titled(cases))('$title rejects', async ({ call, message, kind }) => {
    const returned = call() as Promise<unknown>;
    const error: unknown = await returned.then(
      () => 'it did not',
      (reason: unknown) => reason,
    );
    expectRefusal(error, message, kind);
  });
}

/** A test for each call: it throws. */
export function testThrows(cases: readonly Refusal[]): void {
  // rule 101
  test.each(titled(cases))('$title throws', ({ call, message, kind }) => {
    let error: unknown = 'it did not';
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expectRefusal(error, message, kind);
  });
}
