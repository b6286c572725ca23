import { CancelScope, shield, sleep, sleepForever, taskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';

// The walk "cancel → tree → wake" of ARCHITECTURE.md: one cancellation on its way down.

test('cancel() tells everybody below, in three phases, before it returns', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const outer = new CancelScope({ name: 'outer' });
    const work = group.spawn(() =>
      outer.run(async (scope) => {
        const inner = new CancelScope({ name: 'inner' });
        scope.onCancel(() =>
          log.push(`callback: inner is cancelled ${String(inner.reason !== undefined)}`),
        );
        await inner.run(async () => {
          inner.signal.addEventListener('abort', () => log.push('signal'));
          const wait = (name: string): Promise<unknown> =>
            park(
              () => () =>
                log.push(`undo ${name}: scope is cancelled ${String(inner.reason !== undefined)}`),
            );
          const waits = [wait('first'), wait('second')].map((parked, at) =>
            parked.catch((error: unknown) => {
              log.push(
                `wait ${String(at)} resumes with the one reason ${String(error === outer.reason)}`,
              );
              throw error;
            }),
          );
          await Promise.all(waits);
        });
      }),
    );
    await settle();
    outer.cancel('enough');
    log.push('cancel() has returned');
    await work;
    expect(log).toEqual([
      // Marked and claimed first, then undone, then told; user code resumes last.
      'undo first: scope is cancelled true',
      'undo second: scope is cancelled true',
      'callback: inner is cancelled true',
      'signal',
      'cancel() has returned',
      'wait 0 resumes with the one reason true',
      'wait 1 resumes with the one reason true',
    ]);
  }));

test('a wait that is undone cannot wake one that is claimed by the same cancellation', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const scope = new CancelScope();
    let second: Waker<string> | undefined;
    const work = group.spawn(() =>
      scope.run(() =>
        Promise.allSettled([
          park<string>(() => () => log.push(`woken: ${String(second?.wake('too late'))}`)),
          park<string>((waker) => {
            second = waker;
          }),
        ]),
      ),
    );
    await settle();
    scope.cancel();
    const results = (await work) as PromiseSettledResult<string>[];
    expect(log).toEqual(['woken: false']);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  }));

test('it passes through groups and tasks, stops at a shield, and goes on where the shield ends', () =>
  testRun(async (group, loop) => {
    const log: string[] = [];
    const note = (what: string): void => {
      log.push(`${String(loop.now())}: ${what}`);
    };
    const scope = new CancelScope({ timeout: 10 });
    const work = group.spawn(() =>
      scope.run(() =>
        taskGroup(async (inner) => {
          inner.spawn(() =>
            sleepForever().finally(() => {
              note('child');
            }),
          );
          inner.spawn(async () => {
            await shield(() => sleep(30));
            note('the shielded child is not interrupted');
            await sleep(1).finally(() => {
              note('and is, at its next checkpoint');
            });
          });
          await sleepForever().finally(() => {
            note('body');
          });
        }),
      ),
    );
    await work;
    expect(scope.cancelCaught).toBe(true);
    expect(log).toEqual([
      '10: child',
      '10: body',
      '30: the shielded child is not interrupted',
      '30: and is, at its next checkpoint',
    ]);
  }));
