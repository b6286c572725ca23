import { place } from './dom.ts';
import { createApp, defineComponent, effectScope, h, nextTick, ref } from 'vue';
import { sleep } from '@ambit/core';
import type { Task } from '@ambit/core';
import { useAction, watchTask } from '@ambit/core/vue';
import type { UsedAction } from '@ambit/core/vue';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Mounts a component with this setup. */
function mount(setup: () => () => string) {
  const element = place();
  const errors: unknown[] = [];
  const app = createApp(defineComponent({ setup: () => () => h('p', setupOnce()) }));
  let render: (() => string) | undefined;
  const setupOnce = () => render?.() ?? '';
  app.config.errorHandler = (error) => errors.push(error);
  const Root = defineComponent({
    setup() {
      render = setup();
      return () => h('p', render?.());
    },
  });
  const own = createApp(Root);
  own.config.errorHandler = (error) => errors.push(error);
  own.mount(element);
  return { text: () => element.textContent, unmount: () => own.unmount(), errors };
}

test('useAction performs, shows, and is cancelled by unmounting', async () => {
  const log: string[] = [];
  let used: UsedAction<[string], string> | undefined;
  const { text, unmount } = mount(() => {
    const action = useAction(
      async (name: string) => {
        log.push(`${name} begins`);
        await sleep(10).catch((error: unknown) => {
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
  used?.perform('a');
  const task: Task<string> | undefined = used?.perform('b');
  await nextTick();
  expect(text()).toBe('true running');
  expect(await task).toBe('B');
  await pause(1);
  expect(text()).toBe('false fulfilled');
  used?.perform('c');
  unmount();
  await pause(1);
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
  const { errors, unmount } = mount(() => {
    used = useAction(fail);
    told = useAction(fail, { onError: (error) => void got.push(error) });
    return () => '';
  });
  used?.perform();
  used?.perform();
  told?.perform();
  await pause(1);
  expect(errors).toEqual([new Error('no network'), new Error('no network')]);
  expect(got).toEqual([new Error('no network')]);
  unmount();
});

test('watchTask runs for each value, cancels the run before, and ends with the component', async () => {
  const log: string[] = [];
  const id = ref('a');
  const { errors, unmount } = mount(() => {
    watchTask(
      id,
      async (value, before) => {
        log.push(`load ${value} after ${String(before)}`);
        if (value === 'd') throw new Error('no such user');
        try {
          await sleep(10);
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
  await pause(20);
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
  await pause(1);
  expect(errors).toEqual([new Error('no such user')]);
  id.value = 'e';
  await nextTick();
  unmount();
  await pause(1);
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
        return sleep(1000);
      },
      { immediate: true },
    ),
  );
  stop?.();
  await pause(1);
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
