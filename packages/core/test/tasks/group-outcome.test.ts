import { currentScope, suppressedErrors, TaskGroupError } from '@ambit/core';
import { Failures } from '../../src/tasks/group-outcome.ts';
import type { OnFailure } from '../../src/tasks/group-outcome.ts';

const E1 = new Error('E1');
const E2 = new Error('E2');
const E3 = new Error('E3');

afterEach(() => {
  for (const error of [E1, E2, E3]) {
    for (const key of Object.getOwnPropertySymbols(error)) Reflect.deleteProperty(error, key);
  }
});

const origin = (name: string, isObserved = false) => ({ name, _isObserved: isObserved });

function failuresOf(policy: OnFailure, ...errors: unknown[]): Failures {
  const failures = new Failures(policy, currentScope());
  for (const error of errors) failures.add(error, 'the body');
  return failures;
}

test('without failures there is nothing to throw', () => {
  expect(new Failures('cancel', currentScope()).isEmpty).toBe(true);
  expect(failuresOf('cancel', undefined).isEmpty).toBe(false);
});

test('fail-fast: the first failure itself, with the later ones in order', () => {
  expect(failuresOf('cancel', E1, E2, E3).toError('')).toBe(E1);
  expect(suppressedErrors(E1)).toEqual([E2, E3]);
});

test('an error that comes twice counts once', () => {
  expect(failuresOf('cancel', E1, E2, E1, E2).toError('')).toBe(E1);
  expect(suppressedErrors(E1)).toEqual([E2]);
  expect((failuresOf('continue', E1, E1).toError('') as TaskGroupError).errors).toEqual([E1]);
});

test('supervisor: all failures, none attached to another, and who it was', () => {
  const failures = new Failures('continue', currentScope());
  failures.add(E1, origin('a'));
  failures.add(E2, 'the body');
  failures.add('text', 'a cleanup');
  const error = failures.toError('jobs') as TaskGroupError;
  expect(error).toBeInstanceOf(TaskGroupError);
  expect(error.errors).toEqual([E1, E2, 'text']);
  expect(suppressedErrors(E1)).toEqual([]);
  expect(error.message).toBe(
    '3 failures in the task group "jobs": "a": E1; the body: E2; a cleanup: text',
  );
  expect((failuresOf('continue', E1).toError('') as Error).message).toBe(
    '1 failure in the task group: the body: E1',
  );
});

test('an error that only says again what is known adds nothing', () => {
  const failures = failuresOf('continue', E1, E2);
  const known = failures.toError('');
  failures.add(E3, origin('later'));
  failures.add(known, 'the body');
  expect((failures.toError('') as TaskGroupError).errors).toEqual([E1, E2, E3]);
  const foreign = new TaskGroupError([E1, new Error('new')], 'of another group');
  failures.add(foreign, 'the body');
  const empty = new TaskGroupError([], 'of nobody');
  failures.add(empty, 'the body');
  const { errors } = failures.toError('') as TaskGroupError;
  expect(errors).toEqual([E1, E2, E3, foreign, empty]);
});

test('unobserved failures are those that nobody asked the task for, nor was thrown', () => {
  const failures = new Failures('cancel', currentScope());
  failures.add(E1, origin('seen', true));
  failures.add(E2, origin('unseen'));
  expect(failures.unobserved().toError('')).toBe(E2);
  failures.observe();
  expect(failures.unobserved().isEmpty).toBe(true);
  failures.add(E3, 'a cleanup');
  expect(failures.unobserved().toError('')).toBe(E3);
});

test('the first failure cannot carry anything: each later one becomes a process warning, once', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const failures = failuresOf('cancel', 'text', E1);
  expect(failures.toError('')).toBe('text');
  failures.add(E2, 'a cleanup');
  expect(failures.toError('')).toBe('text');
  expect(warn.mock.calls.map(([message]) => String(message).split('\n')[0])).toEqual([
    'After text was thrown, this failed as well: Error: E1',
    'After text was thrown, this failed as well: Error: E2',
  ]);
  warn.mockRestore();
});
