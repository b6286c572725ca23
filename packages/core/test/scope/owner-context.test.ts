import { CancelScope, ContextVar, currentTask, sleep, taskGroup } from '@ambit/core';
import { captureOwner, currentGroup, isWithin } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

test('what is opened belongs to the group around the owner, not to that of the caller', () =>
  testRun(async () => {
    const log: string[] = [];
    await taskGroup(async (home) => {
      const own = captureOwner();
      await taskGroup(async () => {
        await own(async () => {
          await sleep(1);
          expect(currentGroup()).toBe(home);
          currentGroup()?.defer(() => log.push('closed'));
        });
        expect(currentGroup()).not.toBe(home);
      });
      log.push('the caller is gone');
    });
    expect(log).toEqual(['the caller is gone', 'closed']);
  }));

test('an owner outside of any group has no group', async () => {
  const own = captureOwner();
  await testRun(() =>
    taskGroup(async () => {
      await own(async () => {
        await sleep(1);
        expect(currentGroup()).toBeUndefined();
      });
    }),
  );
});

test('once the owner’s group has ended, the group around it takes over', () =>
  testRun(async (outer) => {
    const own = await taskGroup(() => captureOwner());
    await taskGroup(() => own(() => expect(currentGroup()).toBe(outer)));
  }));

test('a group opened in the work owns what is opened in it', () =>
  testRun(async () => {
    const own = captureOwner();
    await own(() =>
      taskGroup(async (inner) => {
        await sleep(1);
        expect(currentGroup()).toBe(inner);
        await inner.spawn(() => expect(currentGroup()).toBe(inner));
      }),
    );
  }));

test('variables are the owner’s, the task is the caller’s', () =>
  testRun(async (group) => {
    const tenant = new ContextVar<string>();
    const own = tenant.run('owner', () => captureOwner());
    const seen = await tenant.run('caller', () =>
      group.spawn(
        () =>
          own(async () => {
            await sleep(1);
            return [tenant.get(), currentTask()?.name];
          }),
        { name: 'asks' },
      ),
    );
    expect(seen).toEqual(['owner', 'asks']);
  }));

test('the caller’s cancellation reaches the work, that of the owner does not', () =>
  testRun(async () => {
    const home = new CancelScope();
    const caller = new CancelScope({ timeout: 10 });
    let own = captureOwner();
    await home.run(() => {
      own = captureOwner();
    });
    home.cancel();
    let wasCut = false;
    await caller.run(() =>
      own(async () => {
        await sleep(5);
        await sleep(50).catch((error: unknown) => {
          wasCut = true;
          throw error;
        });
      }),
    );
    expect(wasCut).toBe(true);
    expect(caller.cancelCaught).toBe(true);
  }));

test('a signal cuts the work short, and its reason comes out', () =>
  testRun(async (group) => {
    const own = captureOwner();
    const controller = new AbortController();
    group.spawn(async () => {
      await sleep(10);
      controller.abort(new Error('enough'));
    });
    await expect(own(() => sleep(100), { signal: controller.signal })).rejects.toThrow('enough');
  }));

test('a task that the work puts into another group belongs to that group', () =>
  testRun(async () => {
    const own = captureOwner();
    await taskGroup(async (other) => {
      const task = await taskGroup(() =>
        own(() => {
          const spawned = other.spawn(async () => {
            await sleep(5);
            return currentGroup();
          });
          return { spawned };
        }),
      );
      expect(await task.spawned).toBe(other);
    });
  }));

test('an owner inside the work of another owner', () =>
  testRun(async () => {
    const outer = captureOwner();
    await taskGroup(async (home) => {
      const inner = captureOwner();
      await taskGroup(() =>
        outer(async () => {
          expect(currentGroup()).not.toBe(home);
          await inner(() => expect(currentGroup()).toBe(home));
        }),
      );
    });
  }));

test('what the caller holds is seen from the work, also from a group in it, but not from one around it', () =>
  testRun(async () => {
    const held = new ContextVar<string>();
    const own = captureOwner();
    const isHeld = () => isWithin(held, 'lock');
    await taskGroup(async (around) => {
      await held.run('lock', async () => {
        expect(await own(() => own(isHeld))).toBe(true);
        expect(await own(() => taskGroup((group) => group.spawn(isHeld)))).toBe(true);
        expect(await own(() => around.spawn(isHeld))).toBe(false);
      });
      expect(await own(isHeld)).toBe(false);
    });
  }));

test('an error of the work comes out, and a value that it gives though cancelled', () =>
  testRun(async () => {
    const own = captureOwner();
    await expect(own(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const controller = new AbortController();
    const value = own(
      () => {
        controller.abort();
        return 7;
      },
      { signal: controller.signal },
    );
    expect(await value).toBe(7);
  }));

test('the function is checked', async () => {
  await expect(captureOwner()('no function' as never)).rejects.toThrow(TypeError);
});
