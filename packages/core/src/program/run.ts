import { noteCall } from '../loop/note-call.ts';
import { controlProcess, printError } from '#platform';
import { ambient } from '../loop/ambient.ts';
import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { checkFunction } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { hostLoop } from '../loop/event-loop.ts';
import { endOrphans } from './orphans.ts';
import { checkRunOptions } from './run-options.ts';
import type { RunOptions } from './run-options.ts';
import { RunGrace } from './run-grace.ts';
import { noteRun } from './running.ts';
import type { Running } from './running.ts';
import { hostRuntime, Runtime } from '../loop/runtime.ts';
import { suppress } from '../internal/suppressed-errors.ts';
import type { ProcessControl } from '../platform/process-control.ts';
import { debugTools } from '../tasks/debug-tools.ts';
import { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';

/**
 * Runs a program: the outermost scope, which ends only after everything in it. A signal cancels it, and
 * once cleanup is over the process dies of that same signal; a main that finishes anyway
 * resolves. A second signal, or the end of `grace`, ends the process at once with 128+n.
 *
 * If the event loop runs dry before the program has ended (a deadlock), the task tree is printed to
 * stderr and the exit code is 13.
 *
 * @param main - gets a group; is itself a task, named `main`
 * @returns main's value
 * @throws (rejects) main's error, or the failure of a task of its group or of `createTask`; with
 *   `exitOnSignal: false` the CancelledError; InvalidStateError inside another `run()`
 * @example
 * await run(async (group) => {
 *   group.spawn(() => serve());
 *   group.spawn(() => watchConfig(), { daemon: true });
 * });
 */
export async function run<T>(
  main: (group: TaskGroup) => T | PromiseLike<T>,
  options: RunOptions = {},
): Promise<T> {
  checkFunction('run', 'main', main);
  checkRunOptions(options);
  noteCall('run');
  return new Run(options).execute(main);
}

/** One run of a program. */
export class Run {
  readonly runtime: Runtime;
  readonly scope: CancelScope = new AnyScope({ name: 'run' });
  readonly #running: Running = { scope: this.scope, group: undefined };
  readonly #options: RunOptions;
  readonly #hooks: Disposable[] = [];
  readonly #process: ProcessControl;
  readonly #grace: RunGrace | undefined;
  readonly #dump = (title: string): void => {
    const tree = debugTools.loaded?.describe(this.scope);
    printError(`${title}\n${tree ?? `(no task tree in this bundle: ${CURE})`}`);
  };

  /** `runtime`: one that a test prepared; by default that of `options`. */
  constructor(options: RunOptions, runtime?: Runtime) {
    if (currentRuntime() !== hostRuntime) {
      throw new InvalidStateError(
        'run: there is a run() around this one; use taskGroup() inside it',
      );
    }
    if (options.debug === true) refuseWithoutTools();
    this.#options = options;
    this.runtime = runtime ?? new Runtime(options.loop ?? hostLoop, { debug: options.debug });
    const dump = this.#dump;
    this.#process = controlProcess({ scope: this.scope, loop: hostLoop, dump, suppress }, options);
    const { grace = Infinity } = options;
    if (grace < Infinity) this.#grace = new RunGrace(this.scope, grace);
  }

  /** `atEnd` is called when main's tasks have ended, before what it left is ended too. */
  async execute<T>(
    main: (group: TaskGroup) => T | PromiseLike<T>,
    atEnd?: (scope: CancelScope) => void,
  ): Promise<T> {
    const { scope, runtime } = this;
    const frame = currentFrame();
    scope._open(frame._scope, undefined, frame._variables);
    scope._runtime = runtime;
    noteRun(runtime, this.#running);
    try {
      this.#hook();
      return await ambient.run(scope, () => this.#supervise(main, atEnd));
    } catch (error) {
      this.#unhook();
      return await this.#process.rejected(error);
    } finally {
      this.#unhook();
      this.#grace?.[Symbol.dispose]();
      scope._end();
    }
  }

  /** Ends what main left behind, before its outcome is passed on. */
  async #supervise<T>(
    main: (group: TaskGroup) => T | PromiseLike<T>,
    atEnd: ((scope: CancelScope) => void) | undefined,
  ): Promise<T> {
    let value: T | undefined;
    const failures: unknown[] = [];
    try {
      const running = this.#runMain(main);
      value = await (this.#grace?.bound(running) ?? running);
    } catch (error) {
      failures.push(error);
    }
    const cancellation = this.scope.reason;
    atEnd?.(this.scope);
    failures.push(...(await endOrphans(this.scope)));
    if (failures.length === 0 && this.#process.isByError) failures.push(this.scope.reason);
    if (failures.length === 0) return value as T;
    // A failure comes out rather than the cancellation.
    if (failures.length > 1 && failures[0] === cancellation) failures.shift();
    const [first, ...later] = failures;
    suppress(first, later);
    throw first;
  }

  /** The outer group owns main and what `createTask` makes; main's own group is inside. */
  async #runMain<T>(main: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    const group = this.#group('run');
    this.#running.group = group;
    let task: Task<T> | undefined;
    try {
      await group._run(() => {
        task = group.spawn(() => this.#group('main')._run(main), { name: 'main' });
      });
    } catch (error) {
      // A main that finished although everything was being shut down has its value.
      if (error !== this.scope.reason || task?._settled !== 'fulfilled') throw error;
    } finally {
      this.#running.group = undefined;
    }
    return valueOf(task as Task<T>);
  }

  #group(name: string): TaskGroup {
    return this.#grace?.group(name) ?? new TaskGroup({ name });
  }

  /** @internal No caller waits for it any more: no signal concerns it, and no deadlock is reported. */
  _abandon(): void {
    this.#unhook();
  }

  #hook(): void {
    debugTools.loaded?.offerLook();
    const { debug, slowTurn = 100 } = this.#options;
    this.#process.hook();
    if (debug === true) {
      const { runtime } = this;
      const dump = this.#dump;
      const watch = debugTools.loaded?.watchRun(this.scope, { runtime, slowTurn, dump });
      if (watch !== undefined) this.#hooks.push(watch);
    }
  }

  #unhook(): void {
    this.#process[Symbol.dispose]();
    for (const hook of this.#hooks.splice(0)) hook[Symbol.dispose]();
  }
}

const CURE = "import '@ambit/core/debug'";

function refuseWithoutTools(): void {
  if (debugTools.loaded !== undefined) return;
  throw new InvalidStateError(`run: debug mode is not in this bundle; ${CURE}`);
}

// Main may have cancelled itself: then its CancelledError is its failure.
function valueOf<T>(task: Task<T>): T {
  if (task._settled !== 'fulfilled') throw task._result as Error;
  return task._result as T;
}
