import { place } from './dom.ts';
import { act, Component, createElement, StrictMode, Suspense, use } from 'react';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { sleep } from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { useAction, useTask, useTaskGroup, useTaskState } from '@ambit/core/react';
import type { UsedAction } from '@ambit/core/react';

/** Mounts a component; answers how to look at it, and how to take it away. */
async function mount(node: ReactNode) {
  const element = place();
  const root = createRoot(element);
  await act(async () => root.render(node));
  return {
    text: () => element.textContent,
    render: (next: ReactNode) => act(async () => root.render(next)),
    unmount: () => act(async () => root.unmount()),
  };
}

const pause = (ms: number) => act(() => new Promise((resolve) => setTimeout(resolve, ms)));

class Boundary extends Component<{ children: ReactNode }> {
  override state = { caught: '' };
  static getDerivedStateFromError = (error: Error) => ({ caught: error.message });
  override render = () => (this.state.caught === '' ? this.props.children : this.state.caught);
}

/** Without React's report of what a boundary has caught. */
let silenced: jest.SpyInstance;
beforeEach(() => {
  silenced = jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => silenced.mockRestore());

describe('useAction', () => {
  test.each([false, true])(
    'performs, shows, and is cancelled by unmounting (StrictMode: %p)',
    async (isStrict) => {
      const log: string[] = [];
      let used: UsedAction<[string], string> | undefined;
      function Search() {
        used = useAction(
          async (text: string) => {
            log.push(`${text} begins`);
            await sleep(10).catch((error: unknown) => {
              log.push(`${text} is cut`);
              throw error;
            });
            return text.toUpperCase();
          },
          { mode: 'restartable' },
        );
        return `${String(used.isRunning)} ${String(used.last?.state)}`;
      }
      const { text, unmount } = await mount(
        isStrict ? createElement(StrictMode, null, createElement(Search)) : createElement(Search),
      );
      const { perform } = used as UsedAction<[string], string>;
      expect(text()).toBe('false undefined');
      let task: Task<string> | undefined;
      await act(async () => {
        perform('a');
        task = perform('b');
      });
      expect(text()).toBe('true running');
      await pause(20);
      expect(text()).toBe('false fulfilled');
      expect(await task).toBe('B');
      expect(used?.perform).toBe(perform);
      await act(async () => void perform('c'));
      await unmount();
      await pause(5);
      expect(log).toEqual(['a begins', 'b begins', 'a is cut', 'c begins', 'c is cut']);
      expect(perform('d')).toBeUndefined();
    },
  );

  test('runs the function of the newest render', async () => {
    const seen: string[] = [];
    let used: UsedAction<[], void> | undefined;
    function Save({ draft }: { draft: string }) {
      used = useAction(() => void seen.push(draft));
      return null;
    }
    const { render, unmount } = await mount(createElement(Save, { draft: 'a' }));
    await render(createElement(Save, { draft: 'b' }));
    await act(async () => void used?.perform());
    expect(seen).toEqual(['b']);
    await unmount();
  });

  test('a failure goes to the error boundary, or to onError', async () => {
    let used: UsedAction<[], never> | undefined;
    const got: unknown[] = [];
    function Failing({ onError }: { onError?: (error: unknown) => void }) {
      used = useAction(() => {
        throw new Error('no network');
      }, onError && { onError });
      return 'fine';
    }
    const told = await mount(
      createElement(
        Boundary,
        null,
        createElement(Failing, { onError: (error) => void got.push(error) }),
      ),
    );
    await act(async () => void used?.perform());
    expect(told.text()).toBe('fine');
    expect(got).toEqual([new Error('no network')]);
    await told.unmount();
    const caught = await mount(createElement(Boundary, null, createElement(Failing)));
    await act(async () => void used?.perform());
    expect(caught.text()).toBe('no network');
    await caught.unmount();
  });

  test('a server renders it as idle', () => {
    function Search() {
      const { isRunning, perform } = useAction(() => 1);
      return `${String(isRunning)} ${typeof perform()}`;
    }
    expect(renderToString(createElement(Search))).toBe('false undefined');
  });

  test('bad arguments are refused', () => {
    const Bad = ({ fn, options }: { fn: unknown; options?: unknown }) => {
      useAction(fn as never, options as never);
      return null;
    };
    expect(() => renderToString(createElement(Bad, { fn: 1 }))).toThrow('useAction: fn is 1');
    expect(() => renderToString(createElement(Bad, { fn: () => 1, options: 1 }))).toThrow(
      'options is 1',
    );
  });
});

describe('useTaskGroup', () => {
  test('is there while the component is mounted, and cancels what is left', async () => {
    let group: TaskGroup | undefined;
    function Upload() {
      group = useTaskGroup();
      return null;
    }
    const { unmount } = await mount(createElement(StrictMode, null, createElement(Upload)));
    const task = group?.spawn(() => sleep(1000));
    await unmount();
    await pause(1);
    expect(task?.state).toBe('cancelled');
  });

  test('a failure goes to the error boundary', async () => {
    let group: TaskGroup | undefined;
    function Upload() {
      group = useTaskGroup();
      return 'fine';
    }
    const { text, unmount } = await mount(createElement(Boundary, null, createElement(Upload)));
    await act(async () => void group?.spawn(() => Promise.reject(new Error('disk full'))));
    expect(text()).toBe('disk full');
    await unmount();
  });
});

test('useTask runs for each value of its dependencies, and the one before is cancelled', async () => {
  const log: string[] = [];
  function User({ id }: { id: string }) {
    useTask(async () => {
      try {
        log.push(`load ${id}`);
        await sleep(10);
        log.push(`${id} is there`);
      } finally {
        log.push(`end of ${id}`);
      }
    }, [id]);
    return null;
  }
  const { render, unmount } = await mount(createElement(User, { id: 'a' }));
  await render(createElement(User, { id: 'b' }));
  await render(createElement(User, { id: 'b' }));
  await pause(20);
  expect(log).toEqual(['load a', 'load b', 'end of a', 'b is there', 'end of b']);
  await render(createElement(User, { id: 'c' }));
  await unmount();
  await pause(1);
  expect(log.slice(5)).toEqual(['load c', 'end of c']);
});

test('useTaskState shows each state', async () => {
  const shown: (string | undefined)[] = [];
  let group: TaskGroup | undefined;
  function State({ task }: { task: Task<unknown> | undefined }) {
    group = useTaskGroup();
    shown.push(useTaskState(task));
    return null;
  }
  const { render, unmount } = await mount(createElement(State, { task: undefined }));
  const task = group?.spawn(() =>
    sleep(1000).finally(() => new Promise((end) => setTimeout(end, 5))),
  );
  await render(createElement(State, { task }));
  await act(async () => task?.cancel());
  await pause(20);
  expect([...new Set(shown)]).toEqual([undefined, 'running', 'cancelling', 'cancelled']);
  await unmount();
});

test('use() of a task suspends until it has ended', async () => {
  let used: UsedAction<[], string> | undefined;
  const Result = ({ task }: { task: Task<string> }) => use(task as unknown as Promise<string>);
  function Search() {
    used = useAction(() => sleep(5, { value: 'found' }));
    return createElement(
      Suspense,
      { fallback: 'loading' },
      used.last === undefined ? 'idle' : createElement(Result, { task: used.last }),
    );
  }
  const { text, unmount } = await mount(createElement(Search));
  expect(text()).toBe('idle');
  await act(async () => void used?.perform());
  expect(text()).toBe('loading');
  await pause(20);
  expect(text()).toBe('found');
  await unmount();
});
