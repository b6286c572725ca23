// What a scope tells its users once a deadline around it has passed while the program was busy, so that no timer could say so (31).
import { inspect } from 'node:util';
import {
  CancelScope,
  currentScope,
  currentTask,
  shield,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import { taskTree } from '@ambit/core/debug';
import { snapshot } from '@ambit/core/inspect';
import { onDraining } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import type { VirtualLoop } from '@ambit/core/testing';

/** What is read, and what it is to be. */
const reads: Record<string, (scope: CancelScope) => unknown> = {
  reason: (scope) => scope.reason !== undefined,
  effectiveDeadline: (scope) => scope.effectiveDeadline === -Infinity,
  isDraining: (scope) => scope.isDraining,
  'signal.aborted': (scope) => scope.signal.aborted,
  'draining.aborted': (scope) => scope.draining.aborted,
  onCancel: (scope) => {
    let isCalled = false;
    scope.onCancel(() => {
      isCalled = true;
    });
    return isCalled;
  },
};

/** Reads in a scope around which a deadline comes to be due, unnoticed. */
type Place = (outer: CancelScope, read: (scope: CancelScope) => void) => Promise<unknown>;

const due = (outer: CancelScope, loop: VirtualLoop): void => {
  outer.deadline = loop.now();
};

const places: Record<string, (loop: VirtualLoop) => Place> = {
  'the scope itself': (loop) => async (outer, read) => {
    due(outer, loop);
    read(outer);
    return Promise.resolve();
  },
  'a scope entered inside': (loop) => (outer, read) =>
    new CancelScope().run((inner) => {
      due(outer, loop);
      read(inner);
    }),
  'a scope inside whose signals were made before': (loop) => (outer, read) =>
    new CancelScope().run((inner) => {
      expect([inner.signal.aborted, inner.draining.aborted]).toEqual([false, false]);
      due(outer, loop);
      read(inner);
    }),
  'a scope inside with a deadline of its own': (loop) => (outer, read) =>
    new CancelScope({ timeout: 1000 }).run((inner) => {
      due(outer, loop);
      read(inner);
    }),
  'one that is not started, and has it as its parent': (loop) => async (outer, read) => {
    due(outer, loop);
    using idle = new CancelScope({ parent: outer });
    read(idle);
    await Promise.resolve();
  },
};

describe.each(Object.entries(places))('in %s', (_place, make) => {
  test.each(Object.entries(reads))('%s looks at the clock', (_name, read) =>
    testRun(async (_group, loop) => {
      const seen: unknown[] = [];
      await new CancelScope().run((outer) =>
        make(loop)(outer, (scope) => {
          seen.push(read(scope));
        }),
      );
      expect(seen).toEqual([true]);
    }),
  );
});

/** Reads behind a shield. */
function behindShield(read: (scope: CancelScope) => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  return testRun(async (_group, loop) => {
    const outer = new CancelScope();
    await outer.run(() =>
      shield(async () => {
        due(outer, loop);
        seen.push(read(currentScope()));
        return Promise.resolve();
      }),
    );
  }).then(() => seen);
}

test.each(['isDraining', 'draining.aborted'])('%s does so through shields', async (name) => {
  expect(await behindShield((scope) => reads[name]?.(scope))).toEqual([true]);
});

test('onDraining() does so through shields', async () => {
  let called = 0;
  await behindShield(() => onDraining(() => (called += 1)));
  expect(called).toBe(1);
});

test.each(['reason', 'effectiveDeadline', 'signal.aborted', 'onCancel'])(
  '%s knows nothing of a deadline beyond a shield',
  async (name) => {
    expect(await behindShield((scope) => reads[name]?.(scope))).toEqual([false]);
  },
);

test('the deadline of somebody else is left to its timer', () =>
  testRun(async (_group, loop) => {
    using other = new CancelScope();
    let isCalled = false;
    other.onCancel(() => {
      isCalled = true;
    });
    await new CancelScope({ timeout: 1000 }).run((mine) => {
      due(other, loop);
      for (const read of Object.values(reads)) expect(read(mine)).toBe(false);
    });
    expect(isCalled).toBe(false);
  }));

test('the state of a task looks at the clock, also of one that is queued', () =>
  testRun(async (_group, loop) => {
    const states: unknown[] = [];
    await new CancelScope().run((outer) =>
      taskGroup(
        (group) => {
          const running = group.spawn(() => sleepForever());
          const queued = group.spawn(() => sleepForever());
          states.push(running.state, queued.state);
          due(outer, loop);
          states.push(queued.state, running.state);
        },
        { limit: 1 },
      ),
    );
    expect(states).toEqual(['running', 'queued', 'cancelled', 'cancelling']);
  }));

// A picture is of what is: it is taken in the midst of other code, and changes nothing.
test.each<[string, (scope: CancelScope) => unknown]>([
  ['a scope that is printed', (scope) => inspect(scope)],
  ['snapshot()', () => snapshot()],
  ['a task that is printed', () => inspect(currentTask())],
  ['taskTree()', () => taskTree()],
])('%s cancels nothing that is due by the clock', (_name, picture) =>
  testRun(async (_group, loop) => {
    const seen: unknown[] = [];
    await new CancelScope().run(async (outer) => {
      outer.onCancel(() => seen.push('cancelled'));
      await taskGroup((group) => {
        group.spawn(() => sleepForever());
        due(outer, loop);
        picture(currentScope());
        seen.push('pictured');
      });
    });
    expect(seen).toEqual(['pictured', 'cancelled']);
  }),
);
