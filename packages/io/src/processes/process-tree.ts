import { node } from '../node.ts';
import { codeOf } from '../errors.ts';
import { realSleep } from '../real-work.ts';

/** What is to be killed if this process exits before it has ended them. */
const live = new Set<ProcessTree>();

// Nothing can be waited for here. Not reached if a signal without a handler ends the process, or SIGKILL.
function killAll(): void {
  for (const tree of live) tree.signal('SIGKILL');
}

/** A process, and with a group of its own everything in that group. */
export class ProcessTree {
  readonly #pid: number;
  readonly #isGroup: boolean;
  readonly #onOver: () => void;
  #hasLeader = true;

  /** @param onOver - called when it is known that no process is left to be signalled */
  constructor(pid: number, kind: 'group' | 'single', onOver: () => void) {
    this.#pid = pid;
    this.#isGroup = kind === 'group';
    this.#onOver = onOver;
    // Nothing tells when the last one has gone: this is as good a time as any to look.
    for (const tree of live) if (!tree.#hasLeader) tree.forgetIfEmpty();
    if (live.size === 0) process.on('exit', killAll);
    live.add(this);
  }

  /** Whether there may be something left to signal. Afterwards the number may be given to another process. */
  get isAlive(): boolean {
    return live.has(this);
  }

  /**
   * Sends a signal; 0 only looks whether there is a process.
   *
   * @returns false if no process is left
   * @throws Node's error, EPERM say
   */
  signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#isNumberOfAnother()) this.forget();
    if (!this.isAlive) return false;
    try {
      return process.kill(this.#isGroup ? -this.#pid : this.#pid, signal);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') return false;
      throw error;
    }
  }

  /** The process itself has exited. Others of its group may go on. */
  leaderExited(): void {
    this.#hasLeader = false;
    this.forgetIfEmpty();
  }

  /** Looks whether others of its group go on, once its leader has exited. */
  forgetIfEmpty(): void {
    if (!this.#isGroup || !this.#hasMembers()) this.forget();
  }

  /** Nothing more is to be signalled. */
  forget(): void {
    if (!live.delete(this)) return;
    if (live.size === 0) process.off('exit', killAll);
    this.#onOver();
  }

  /** Waits until no process is left of the group, once its leader has exited. Others than children give no event. */
  async whenEmpty(): Promise<void> {
    for (let pause = 1; this.isAlive && !this.#isEmpty(); pause = Math.min(pause * 2, 50)) {
      await realSleep(pause);
    }
  }

  /**
   * No process gets a number that a group has. So if there is one with the number of a leader that was reaped, the group
   * has ended as well, and the number leads to the group of another program.
   */
  #isNumberOfAnother(): boolean {
    return this.isAlive && this.#isGroup && !this.#hasLeader && exists(this.#pid);
  }

  #hasMembers(): boolean {
    try {
      return this.signal(0);
    } catch {
      // EPERM: on macOS, of what has ended.
      return process.platform !== 'darwin';
    }
  }

  #isEmpty(): boolean {
    if (!this.#hasMembers()) return true;
    return process.platform === 'linux' && !someoneRunsIn(this.#pid);
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

// A process that has ended is a member until it is reaped, and in a container without an init nothing does that.
function someoneRunsIn(group: number): boolean {
  try {
    return node.fs.readdirSync('/proc').some((entry) => /^\d/.test(entry) && runsIn(entry, group));
  } catch {
    return true;
  }
}

function runsIn(entry: string, group: number): boolean {
  try {
    const text = node.fs.readFileSync(`/proc/${entry}/stat`, 'latin1');
    // `pid (name) state parent group …`, and a name can be anything.
    const [state, , itsGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
