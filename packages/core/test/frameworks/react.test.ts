import { place } from './dom.ts';
import { Activity, act, Component, createElement, StrictMode, Suspense, use } from 'react';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { currentGroup } from '@ambit/core/lowlevel';
import { ContextVar, Future, sleepForever, taskGroup } from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { useAction, useTask, useTaskGroup, useTaskState } from '@ambit/core/react';
import type { UsedAction } from '@ambit/core/react';
import { watchReported } from '../support/reported-errors.ts';

/** Mounts a component; returns how to look at it, and how to take it away. */
async function mount(node: ReactNode) {
  const element = place();
  const root = createRoot(element);
  await act(async () => root.render(node));
  return {
    root,
    text: () => element.textContent,
    render: (next: ReactNode) => act(async () => root.render(next)),
    unmount: () => act(async () => root.unmount()),
  };
}

/** Waits until a task has ended, and has been shown. */
const end = (task: Task<unknown> | undefined) =>
  act(async () => {
    await task?.join().catch(() => undefined);
  });

class Boundary extends Component<{ children: ReactNode }> {
  override state = { caught: '' };
  static getDerivedStateFromError = (error: Error) => ({ caught: error.message });
  override render = () => (this.state.caught === '' ? this.props.children : this.state.caught);
}

/** Fails when it is cancelled. */
const failInCleanup = () =>
  sleepForever().finally(() => {
    throw new Error('cannot save');
  });

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
      const answer = new Future<void>();
      let used: UsedAction<[string], string> | undefined;
      function Search() {
        used = useAction(
          async (text: string) => {
            log.push(`${text} begins`);
            await (text === 'b' ? answer.wait() : sleepForever()).catch((error: unknown) => {
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
      const [a, b] = await act(async () => [perform('a'), perform('b')]);
      expect(text()).toBe('true running');
      await end(a);
      await act(async () => answer.resolve());
      await end(b);
      expect(text()).toBe('false fulfilled');
      expect(b?.result()).toBe('B');
      expect(used?.perform).toBe(perform);
      const [c] = await act(async () => [perform('c')]);
      await unmount();
      await end(c);
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
    const options = {
      onError(this: unknown, error: unknown) {
        got.push(error, this);
      },
    };
    function Failing({ isTold = false }) {
      used = useAction(
        () => {
          throw new Error('no network');
        },
        isTold ? options : { onError: undefined },
      );
      return 'fine';
    }
    const told = await mount(
      createElement(Boundary, null, createElement(Failing, { isTold: true })),
    );
    await act(async () => void used?.perform());
    expect(told.text()).toBe('fine');
    expect(got).toEqual([new Error('no network'), options]);
    expect(got[1]).toBe(options);
    await told.unmount();
    using watched = watchReported();
    const caught = await mount(createElement(Boundary, null, createElement(Failing)));
    await act(async () => void used?.perform());
    expect(caught.text()).toBe('no network');
    await caught.unmount();
    expect(watched.reported).toEqual([]);
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
    const task = group?.spawn(() => sleepForever());
    await unmount();
    await end(task);
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
  const answer = new Future<void>();
  const tasks: Task<unknown>[] = [];
  function User({ id }: { id: string }) {
    useTask(
      async (task) => {
        tasks.push(task);
        try {
          log.push(`load ${id}`);
          await (id === 'b' ? answer.wait() : sleepForever());
          log.push(`${id} is there`);
        } finally {
          log.push(`end of ${id}`);
        }
      },
      [id],
    );
    return null;
  }
  const { render, unmount } = await mount(createElement(User, { id: 'a' }));
  await render(createElement(User, { id: 'b' }));
  await render(createElement(User, { id: 'b' }));
  await end(tasks[0]);
  answer.resolve();
  await end(tasks[1]);
  expect(log).toEqual(['load a', 'load b', 'end of a', 'b is there', 'end of b']);
  await render(createElement(User, { id: 'c' }));
  await unmount();
  await end(tasks[2]);
  expect(log.slice(5)).toEqual(['load c', 'end of c']);
});

test('useTaskState shows each state', async () => {
  const shown: (string | undefined)[] = [];
  let group: TaskGroup | undefined;
  const cleanup = new Future<void>();
  function State({ task }: { task: Task<unknown> | undefined }) {
    group = useTaskGroup();
    shown.push(useTaskState(task));
    return null;
  }
  const { render, unmount } = await mount(createElement(State, { task: undefined }));
  const task = group?.spawn(() => sleepForever().finally(() => cleanup));
  await render(createElement(State, { task }));
  await act(async () => task?.cancel());
  cleanup.resolve();
  await end(task);
  expect([...new Set(shown)]).toEqual([undefined, 'running', 'cancelling', 'cancelled']);
  await unmount();
});

test('use() of a task suspends until it has ended', async () => {
  const answer = new Future<string>();
  let used: UsedAction<[], string> | undefined;
  const Result = ({ task }: { task: Task<string> }) => use(task as unknown as Promise<string>);
  function Search() {
    used = useAction(() => answer.wait());
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
  answer.resolve('found');
  await end(used?.last);
  expect(text()).toBe('found');
  await unmount();
});

describe('an error that comes after unmounting is an uncaught one', () => {
  test('of an action', async () => {
    using watched = watchReported();
    let used: UsedAction<[], never> | undefined;
    function Save() {
      used = useAction(failInCleanup);
      return null;
    }
    const { unmount } = await mount(createElement(Boundary, null, createElement(Save)));
    const [task] = await act(async () => [used?.perform()]);
    await unmount();
    await end(task);
    expect(watched.reported).toEqual([new Error('cannot save')]);
  });

  test('of a task of the group, and of what the group releases', async () => {
    using watched = watchReported();
    let group: TaskGroup | undefined;
    function Save() {
      group = useTaskGroup();
      return null;
    }
    const { unmount } = await mount(createElement(Boundary, null, createElement(Save)));
    const released = new Future<void>();
    group?.defer(() => {
      released.resolve();
      throw new Error('cannot close');
    });
    const task = group?.spawn(failInCleanup);
    await unmount();
    await end(task);
    await act(() => released.then());
    expect(watched.reported).toEqual([new Error('cannot save'), new Error('cannot close')]);
  });

  test('of an effect', async () => {
    using watched = watchReported();
    let task: Task<unknown> | undefined;
    function Draft() {
      useTask((own) => {
        task = own;
        return failInCleanup();
      }, []);
      return null;
    }
    const { unmount } = await mount(createElement(Draft));
    await unmount();
    await end(task);
    expect(watched.reported).toEqual([new Error('cannot save')]);
  });

  test('also if the component goes before it is rendered with the error', async () => {
    using watched = watchReported();
    let used: UsedAction<[], never> | undefined;
    function Save() {
      used = useAction(() => {
        throw new Error('no network');
      });
      return null;
    }
    const { root } = await mount(createElement(Boundary, null, createElement(Save)));
    await act(async () => {
      used?.perform();
      root.unmount();
    });
    expect(watched.reported).toEqual([new Error('no network')]);
  });

  test('of a component that is hidden; it is fine when it is shown again', async () => {
    using watched = watchReported();
    let used: UsedAction<[], never> | undefined;
    function Save() {
      used = useAction(failInCleanup);
      return 'fine';
    }
    const page = (mode: 'visible' | 'hidden') =>
      createElement(
        Boundary,
        null,
        createElement(Activity, { mode, children: createElement(Save) }),
      );
    const { render, text, unmount } = await mount(page('visible'));
    const [task] = await act(async () => [used?.perform()]);
    await render(page('hidden'));
    await end(task);
    expect(watched.reported).toEqual([new Error('cannot save')]);
    await render(page('visible'));
    expect(text()).toBe('fine');
    await unmount();
  });
});

test('a component belongs to no scope that happens to be around its render', async () => {
  const around = new ContextVar<string>();
  const seen: unknown[] = [];
  let used: UsedAction<[], void> | undefined;
  let group: TaskGroup | undefined;
  const note = () => void seen.push([currentGroup()?.scope.name, around.get()]);
  function Search() {
    group = useTaskGroup();
    used = useAction(note);
    useTask(note, []);
    return String(used.last?.state);
  }
  const { text, unmount } = await around.run('render', () =>
    taskGroup(() => mount(createElement(Search))),
  );
  // What calls a function itself decides what it sees.
  await around.run('call', () => act(async () => void group?.spawn(note)));
  await around.run('call', () => act(async () => void used?.perform()));
  expect(text()).toBe('fulfilled');
  expect(seen).toEqual([
    ['effect', undefined],
    ['component', 'call'],
    ['note', 'call'],
  ]);
  await unmount();
});
