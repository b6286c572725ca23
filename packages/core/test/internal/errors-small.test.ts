import {
  CancelScope,
  currentTask,
  run,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
} from '@ambit/core';

/** All that can be read from a value, getters of its classes too: as test runners take errors of other threads to pieces. */
function taken(value: unknown, seen = new Map<object, unknown>()): unknown {
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (seen.has(value)) return seen.get(value);
  seen.set(value, '[circular]');
  const { toJSON } = value as { toJSON?: () => unknown };
  if (typeof toJSON === 'function') return taken(toJSON.call(value), seen);
  const copy: Record<string, unknown> = {};
  for (let at = value; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (key !== 'stack') copy[key] = taken((value as Record<string, unknown>)[key], seen);
    }
  }
  return copy;
}

test('errors are small where something takes them to pieces, however large the program is', () =>
  run(
    () =>
      taskGroup(async (group) => {
        for (let n = 0; n < 100; n += 1) {
          const inner = (): unknown => taskGroup((below) => void below.spawn(() => sleepForever()));
          group.spawn(inner, { name: `worker ${String(n)}` });
        }
        const late = await timeout(1, () => sleepForever()).catch((error: unknown) => error);
        const cancelled = await group
          .spawn((task) => {
            task.cancel();
            return sleep(1);
          })
          .catch((error: unknown) => error);
        for (const error of [late, cancelled]) {
          expect(JSON.stringify(error).length).toBeLessThan(500);
          expect(JSON.stringify(taken(error)).length).toBeLessThan(2000);
        }
        group.cancel();
      }),
    { signals: [] },
  ));

test('scopes, tasks and groups are a line in JSON', () =>
  run(
    async (group) => {
      const scope = new CancelScope({ name: 'search' });
      expect(JSON.stringify({ scope, task: currentTask(), group })).toBe(
        JSON.stringify({
          scope: 'CancelScope "search"',
          task: 'Task "main" (running)',
          group: 'TaskGroup "main" (0 tasks)',
        }),
      );
      await sleep(1);
    },
    { signals: [] },
  ));
