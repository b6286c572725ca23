import { click, place } from './dom.ts';
import { createApp, defineComponent, effectScope, h, nextTick, ref } from 'vue';
import { ContextVar, Future, sleepForever, taskGroup } from '@ambit/core';
import type { Task } from '@ambit/core';
import { currentGroup } from '@ambit/core/lowlevel';
import { useAction, watchTask } from '@ambit/core/vue';
import type { PerformedCall, UsedAction } from '@ambit/core/vue';
import { watchReported } from '../support/reported-errors.ts';

/** Waits until a task, or that of a call, has ended, and has been shown. */
async function end(ending: Task<unknown> | PerformedCall<unknown> | undefined): Promise<void> {
  const task = ending !== undefined && 'task' in ending ? ending.task : ending;
  await task?.join().catch(() => undefined);
  await nextTick();
}

/** Fails when it is cancelled. */
const failInCleanup = () =>
  sleepForever().finally(() => {
    throw new Error('cannot save');
  });

/** Mounts a component with this setup. */
function mount(setup: () => () => string) {
  const element = place();
  const errors: unknown[] = [];
  const Root = defineComponent({
    setup() {
      const render = setup();
      return () => h('p', render());
    },
  });
  const own = createApp(Root);
  own.config.errorHandler = (error) => errors.push(error);
  own.mount(element);
  return { text: () => element.textContent, unmount: () => own.unmount(), errors };
}

test('useAction performs, shows, and is cancelled by unmounting', async () => {
  const log: string[] = [];
  const answer = new Future<void>();
  let used: UsedAction<[string], string> | undefined;
  const { text, unmount } = mount(() => {
    const action = useAction(
      async (name: string) => {
        log.push(`${name} begins`);
        await (name === 'b' ? answer.wait() : sleepForever()).catch((error: unknown) => {
          log.push(`${name} is cut`);
          throw error;
        });
        return name.toUpperCase();
      },
      { mode: 'restartable' },
    );
    used = action;
    return () => `${String(action.isRunning.value)} ${String(action.last.value?.state)}`;
  });
  expect(text()).toBe('false undefined');
  const a = used?.perform('a');
  const b = used?.perform('b');
  await nextTick();
  expect(text()).toBe('true running');
  await end(a);
  answer.resolve();
  await end(b);
  expect(text()).toBe('false fulfilled');
  expect(b?.task.result()).toBe('B');
  expect(await b).toBe('B');
  const c = used?.perform('c');
  unmount();
  await end(c);
  expect(log).toEqual(['a begins', 'b begins', 'a is cut', 'c begins', 'c is cut']);
  expect(used?.perform('d')).toBeUndefined();
  expect(used?.isRunning.value).toBe(false);
});

test('a failure goes to the handler of the app, or to onError', async () => {
  let used: UsedAction<[], never> | undefined;
  let told: UsedAction<[], never> | undefined;
  const got: unknown[] = [];
  const fail = (): never => {
    throw new Error('no network');
  };
  const options = {
    onError(this: unknown, error: unknown) {
      got.push(error, this);
    },
  };
  const { errors, unmount } = mount(() => {
    used = useAction(fail, { onError: undefined });
    told = useAction(fail, options);
    return () => '';
  });
  await end(used?.perform());
  await end(used?.perform());
  await end(told?.perform());
  expect(errors).toEqual([new Error('no network'), new Error('no network')]);
  expect(got).toEqual([new Error('no network'), options]);
  expect(got[1]).toBe(options);
  unmount();
});

test('a listener in a template may perform: Vue is not told of a cancelled call, and once of a failure', async () => {
  const element = place();
  const errors: unknown[] = [];
  let text = '';
  let used: UsedAction<[string], never> | undefined;
  const Root = defineComponent({
    setup() {
      used = useAction(
        async (given: string) => {
          if (given === 'bad') throw new Error('no network');
          return sleepForever();
        },
        { mode: 'restartable' },
      );
      const { perform } = used;
      return () => h('button', { onClick: () => perform(text) });
    },
  });
  const app = createApp(Root);
  app.config.errorHandler = (error) => errors.push(error);
  app.mount(element);
  const clickFor = (given: string): void => {
    text = given;
    click(element.firstElementChild);
  };
  clickFor('a');
  const a = used?.last.value;
  clickFor('bad');
  await end(a);
  await end(used?.last.value);
  clickFor('c');
  const c = used?.last.value;
  used?.cancel();
  await end(c);
  expect([a?.state, c?.state]).toEqual(['cancelled', 'cancelled']);
  expect(errors).toEqual([new Error('no network')]);
  app.unmount();
});

test('the state of the newest call is shown when it ends before the others', async () => {
  const answers = { a: new Future<void>(), b: new Future<void>() };
  let used: UsedAction<['a' | 'b'], void> | undefined;
  const { text, unmount } = mount(() => {
    used = useAction((name: 'a' | 'b') => answers[name].wait());
    const { isRunning, last } = used;
    return () => `${String(isRunning.value)} ${String(last.value?.state)}`;
  });
  used?.perform('a');
  const b = used?.perform('b');
  answers.b.resolve();
  await end(b);
  expect(text()).toBe('true fulfilled');
  unmount();
});

test('watchTask runs for each value, cancels the run before, and ends with the component', async () => {
  const log: string[] = [];
  const answer = new Future<void>();
  const tasks: Task<unknown>[] = [];
  const id = ref('a');
  const { errors, unmount } = mount(() => {
    watchTask(
      id,
      async (value, before, task) => {
        tasks.push(task);
        log.push(`load ${value} after ${String(before)}`);
        if (value === 'd') throw new Error('no such user');
        try {
          await (value === 'b' ? answer.wait() : sleepForever());
          log.push(`${value} is there`);
        } finally {
          log.push(`end of ${value}`);
        }
      },
      { immediate: true },
    );
    return () => '';
  });
  id.value = 'b';
  await nextTick();
  await end(tasks[0]);
  answer.resolve();
  await end(tasks[1]);
  expect(log).toEqual([
    'load a after undefined',
    'load b after a',
    'end of a',
    'b is there',
    'end of b',
  ]);
  id.value = 'c';
  await nextTick();
  id.value = 'd';
  await nextTick();
  await end(tasks[3]);
  expect(errors).toEqual([new Error('no such user')]);
  id.value = 'e';
  await nextTick();
  unmount();
  await end(tasks[4]);
  expect(log.slice(-2)).toEqual(['load e after d', 'end of e']);
});

test('stopping a watchTask cancels its task', async () => {
  const scope = effectScope();
  let task: Task<never> | undefined;
  const stop = scope.run(() =>
    watchTask(
      () => 1,
      (value, before, own) => {
        task = own;
        return sleepForever();
      },
      { immediate: true },
    ),
  );
  stop?.();
  await end(task);
  expect(task?.state).toBe('cancelled');
  scope.stop();
});

test('bad arguments are refused', () => {
  const scope = effectScope();
  scope.run(() => {
    expect(() => useAction(1 as never)).toThrow('Action: fn is 1');
    expect(() => watchTask(() => 1, 1 as never)).toThrow('watchTask: fn is 1');
  });
  scope.stop();
});

test('an error that comes after unmounting is an uncaught one', async () => {
  using watched = watchReported();
  let used: UsedAction<[], never> | undefined;
  let task: Task<unknown> | undefined;
  const { errors, unmount } = mount(() => {
    used = useAction(failInCleanup);
    const watchee = (value: number, before: number | undefined, own: Task<unknown>) => {
      task = own;
      return failInCleanup();
    };
    watchTask(() => 1, watchee, { immediate: true });
    return () => '';
  });
  const performed = used?.perform();
  unmount();
  await end(performed);
  await end(task);
  expect(watched.reported).toEqual([new Error('cannot save'), new Error('cannot save')]);
  expect(errors).toEqual([]);
});

test('a task may stop its own watcher', async () => {
  using watched = watchReported();
  const scope = effectScope();
  const id = ref(0);
  let task: Task<unknown> | undefined;
  scope.run(() => {
    const stop = watchTask(id, async (value, before, own) => {
      task = own;
      stop();
      await sleepForever();
    });
  });
  id.value = 1;
  await nextTick();
  await end(task);
  scope.stop();
  expect([task?.state, watched.reported]).toEqual(['cancelled', []]);
});

test('a component belongs to no scope that happens to be around its setup', async () => {
  const around = new ContextVar<string>();
  const seen: unknown[] = [];
  const id = ref(0);
  let used: UsedAction<[], void> | undefined;
  const note = () => void seen.push([currentGroup()?.scope.name, around.get()]);
  const { text, unmount } = await around.run('setup', () =>
    taskGroup(() =>
      mount(() => {
        const action = useAction(note);
        used = action;
        watchTask(id, note);
        return () => String(action.last.value?.state);
      }),
    ),
  );
  around.run('change', () => (id.value = 1));
  await nextTick();
  // What calls a function itself decides what it sees.
  await end(around.run('call', () => used?.perform()));
  expect(text()).toBe('fulfilled');
  expect(seen).toEqual([
    ['note', undefined],
    ['note', 'call'],
  ]);
  unmount();
});
