import {
  dieOf,
  exit,
  exitCodeOf,
  isSignal,
  onIdle,
  onSignal,
  printError,
  setExitCode,
  watchTurns,
} from '#platform';
import { ambient } from './ambient.ts';
import { CancelScope, currentFrame, currentRuntime } from './cancel-scope.ts';
import { checkFunction, checkOptions, checkTime, show } from './check.ts';
import { InvalidStateError, LoopNotRunningError, messageOf } from './errors.ts';
import { hostLoop } from './event-loop.ts';
import type { EventLoop, Handle } from './event-loop.ts';
import { findDeadlocks } from './deadlock.ts';
import { allTasks, formatTaskTree } from './inspect.ts';
import { emitWarning } from './internal/emit-warning.ts';
import type { SignalName } from './internal/signal-name.ts';
import type { SpawnOptions } from './group-options.ts';
import { endLeftovers } from './leftovers.ts';
import { hostRuntime, Runtime } from './runtime.ts';
import { suppress } from './suppressed-errors.ts';
import { currentTask, TaskGroup, taskGroup } from './task-group.ts';
import type { Spawnable, Task } from './task-group.ts';

/** What `run` takes besides. */
export interface RunOptions {
  /** The first of them cancels everything and lets cleanup run, the second ends the process at once.
   * Default SIGINT and SIGTERM. */
  readonly signals?: readonly SignalName[] | undefined;
  /** Milliseconds that cleanup may take after a signal. Default: no limit. */
  readonly grace?: number | undefined;
  /** Default: the host's loop. */
  readonly loop?: EventLoop | undefined;
  /** Keeps where tasks were spawned, and reports slow turns and misuse, at a price. */
  readonly debug?: boolean | undefined;
  /** With `debug`: milliseconds; a synchronous turn that takes longer is reported. Default 100. */
  readonly slowTurn?: number | undefined;
  /** Prints the task tree to stderr on this signal. */
  readonly dumpOn?: SignalName | undefined;
  /** Whether the process dies of the signal once everything has ended (default), or `run` rejects. */
  readonly exitOnSignal?: boolean | undefined;
}

/**
 * Runs a program: the outermost scope, which ends only after everything in it. A signal cancels it, and
 * once cleanup is over the process dies of that same signal; a main that finishes all the same
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
  return new Run(options).execute(main);
}

/** One run of a program. */
export class Run {
  readonly runtime: Runtime;
  readonly scope: CancelScope = new CancelScope({ name: 'run' });
  readonly #options: RunOptions;
  readonly #hooks: Disposable[] = [];
  #signal: SignalName | undefined;
  #grace: Handle | undefined;
  #look: Handle | undefined;
  readonly #announced = new Set<string>();

  constructor(options: RunOptions) {
    if (currentRuntime() !== hostRuntime) {
      throw new InvalidStateError(
        'run: there is a run() around this one; use taskGroup() inside it',
      );
    }
    this.#options = options;
    this.runtime = new Runtime(options.loop ?? hostLoop, options.debug === true);
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
    runtime.scope = scope;
    try {
      this.#hook();
      return await ambient.run(scope, () => this.#supervise(main, atEnd));
    } catch (error) {
      if (this.#signal === undefined || error !== scope.reason) throw error;
      if (this.#options.exitOnSignal === false) throw error;
      this.#unhook();
      return await dieOf(this.#signal);
    } finally {
      this.#unhook();
      scope._end();
    }
  }

  /** Whatever main came to, what it left behind is ended first. */
  async #supervise<T>(
    main: (group: TaskGroup) => T | PromiseLike<T>,
    atEnd: ((scope: CancelScope) => void) | undefined,
  ): Promise<T> {
    let value: T | undefined;
    const failures: unknown[] = [];
    try {
      value = await this.#runMain(main);
    } catch (error) {
      failures.push(error);
    }
    const cancellation = this.scope.reason;
    atEnd?.(this.scope);
    failures.push(...(await endLeftovers(this.scope)));
    if (failures.length === 0) return value as T;
    // A failure comes out rather than the cancellation.
    if (failures.length > 1 && failures[0] === cancellation) failures.shift();
    const [first, ...later] = failures;
    suppress(first, later);
    throw first;
  }

  /** The outer group owns main and what `createTask` makes; main's own group is inside. */
  async #runMain<T>(main: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    const group = new TaskGroup({ name: 'run' });
    this.runtime.group = group;
    let task: Task<T> | undefined;
    try {
      await group._run(() => {
        task = group.spawn(() => taskGroup(main, { name: 'main' }), { name: 'main' });
      });
    } catch (error) {
      // A main that finished although everything was being shut down has its value.
      if (error !== this.scope.reason || task?.status !== 'fulfilled') throw error;
    } finally {
      this.runtime.group = undefined;
    }
    return valueOf(task as Task<T>);
  }

  /** @internal Nobody waits for it any more: no signal concerns it, and no deadlock is reported. */
  _abandon(): void {
    this.#unhook();
  }

  #hook(): void {
    const { signals = ['SIGINT', 'SIGTERM'], dumpOn, debug, slowTurn = 100 } = this.#options;
    for (const signal of signals) this.#hooks.push(onSignal(signal, () => this.#shutDown(signal)));
    if (dumpOn !== undefined) this.#hooks.push(onSignal(dumpOn, () => this.#dump(`${dumpOn}:`)));
    if (debug === true) {
      this.#hooks.push(watchTurns(slowTurn, reportSlowTurn));
      this.runtime.onBlocked = () => this.#lookForDeadlocks();
    }
    this.#hooks.push(onIdle(() => this.#deadlock()));
  }

  #unhook(): void {
    this.#grace?.cancel();
    this.#look?.cancel();
    this.runtime.onBlocked = undefined;
    for (const hook of this.#hooks.splice(0)) hook[Symbol.dispose]();
  }

  #shutDown(signal: SignalName): void {
    if (this.#signal !== undefined) {
      exit(exitCodeOf(signal));
      return;
    }
    this.#signal = signal;
    this.scope._cancelBy('shutdown', signal);
    const { grace = Infinity } = this.#options;
    this.#grace = hostLoop.callLater(grace, () => {
      this.#dump(
        `The time for cleanup after ${signal}, ${String(grace)} ms, is over. Still running:`,
      );
      exit(exitCodeOf(signal));
    });
  }

  // Something else, a server say, may keep the event loop going while some wait for each other for ever.
  #lookForDeadlocks(): void {
    if (this.#look !== undefined) return;
    this.#look = this.runtime.loop.callNext(() => {
      this.#look = undefined;
      const tasks = ambient.run(this.scope, allTasks);
      const news = findDeadlocks(tasks).filter(
        ({ text, isForEver }) => isForEver && !this.#announced.has(text),
      );
      for (const { text } of news) this.#announced.add(text);
      if (news.length > 0) this.#dump('Some tasks wait for each other for ever:');
    });
  }

  #deadlock(): void {
    this.#dump('Deadlock: nothing is left that could wake the program, and it has not ended:');
    setExitCode(13);
  }

  #dump(title: string): void {
    printError(`${title}\n${ambient.run(this.scope, treeOrApology)}`);
  }
}

// What follows a dump, an exit mostly, must not fail for a tree that is too deep to be drawn.
function treeOrApology(): string {
  try {
    return formatTaskTree();
  } catch (error) {
    return `(the task tree cannot be shown: ${messageOf(error)})`;
  }
}

function reportSlowTurn(ms: number): void {
  const task = currentTask();
  const who = task === undefined ? 'a callback' : `the task ${show(task.name)}`;
  emitWarning(
    `${who} held the event loop for ${String(Math.round(ms))} ms; put a checkpoint() into long loops`,
    'SlowTurnWarning',
  );
}

// Main may have cancelled itself: then its CancelledError is its failure.
function valueOf<T>(task: Task<T>): T {
  if (task._settled !== 'fulfilled') throw task._result as Error;
  return task._result as T;
}

/**
 * Starts a task that the running `run()` owns: a daemon, cancelled when main has ended. Its failure
 * fails the run.
 *
 * @param fn - called at once; gets its task
 * @param options - `name`: shown in messages and in the task tree
 * @returns the task
 * @throws LoopNotRunningError outside of `run()`
 * @example
 * createTask(() => flushMetricsForEver(), { name: 'metrics' });
 */
export function createTask<T>(
  fn: Spawnable<T>,
  options?: { readonly name?: string | undefined },
): Task<T> {
  checkFunction('createTask', 'fn', fn);
  checkOptions('createTask', options);
  const group = currentRuntime().group as TaskGroup | undefined;
  if (group === undefined) {
    throw new LoopNotRunningError(
      'createTask: there is no run() around this call to own the task; call it inside run(), or use taskGroup()',
    );
  }
  const spawnOptions: SpawnOptions = { name: options?.name, daemon: true };
  return group.spawn(fn, spawnOptions);
}

/**
 * The event loop of the running `run()`; outside of any, the host's.
 *
 * @example
 * const started = getRunningLoop().now();
 */
export function getRunningLoop(): EventLoop {
  return currentRuntime().loop;
}

function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options);
  if (options.grace !== undefined) checkTime('run', 'grace', options.grace);
  if (options.slowTurn !== undefined) checkTime('run', 'slowTurn', options.slowTurn);
  if (options.signals !== undefined && !Array.isArray(options.signals)) {
    throw new TypeError(`run: signals is ${show(options.signals)}; give an array of signal names`);
  }
  for (const signal of options.signals ?? []) checkSignalName('signals', signal);
  if (options.dumpOn !== undefined) checkSignalName('dumpOn', options.dumpOn);
  if (options.loop !== undefined) checkLoop(options.loop);
}

function checkLoop(loop: Partial<EventLoop> | null): void {
  if (typeof loop?.callAt === 'function') return;
  throw new TypeError(
    `run: loop is ${show(loop)}, not an EventLoop; give a VirtualLoop, or nothing`,
  );
}

function checkSignalName(argument: string, name: unknown): void {
  if (isSignal(name)) return;
  throw new TypeError(
    `run: ${argument}: ${show(name)} is no signal that can be handled; give names like 'SIGTERM'`,
  );
}
