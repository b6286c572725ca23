import { watchWaits } from '../diagnostics/wait-watch.ts';
import type { Runtime } from '../loop/runtime.ts';
import { allTasks } from '../program/task-tree.ts';
import type { Task } from '../tasks/task.ts';
import type { Waiter } from '../waiting/waiter.ts';

type OwnedWaiter = Waiter<unknown>;
type Owner = Task<unknown>;

/** Knows which task began each wait of a test: once that task has ended, the tree does not tell any more. */
export class Owners implements Disposable {
  readonly #waits = new Map<OwnedWaiter, Owner>();
  readonly #unwatch: () => void;

  constructor(runtime: Runtime) {
    const waits = this.#waits;
    this.#unwatch = watchWaits({
      waitBegan: (waiter: OwnedWaiter, owner) => {
        const task = owner as Owner | undefined;
        if (task?.scope._runtime === runtime) waits.set(waiter, task);
      },
      waitEnded: (waiter: OwnedWaiter) => waits.delete(waiter),
    });
  }

  [Symbol.dispose](): void {
    this.#unwatch();
  }

  /** Names the owner of what is left, and where that was spawned. Called where the test's run is the ambient one. */
  describe(): string {
    const orphans = [...this.#waits].filter(([, task]) => task.done);
    const lines = orphans.map(
      ([waiter, task]) =>
        `the wait for ${nameOf(waiter)} was begun by the task "${task.name}"${siteOf(task)}`,
    );
    const tasks = [...allTasks()].filter((task) => !isOfRunner(task));
    lines.push(...tasks.map((task) => `the task "${task.name}" has not ended${siteOf(task)}`));
    return lines.map((line) => `\n${line}`).join('');
  }
}

function nameOf({ name }: OwnedWaiter): string {
  return typeof name === 'function' ? name() : name;
}

function isOfRunner(task: Owner): boolean {
  return task.name === 'main' && task.group.scope.name === 'run';
}

function siteOf(task: Owner): string {
  // The frames below the first are mostly those of the packages.
  const [site] = task._spawnSite?.split('\n') ?? [];
  return site === undefined ? '' : `, which was spawned here:\n${site}`;
}
