import { sleep } from '@ambit/core';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { codeOf } from '../errors.ts';

/** What is to be killed if this process exits before it has ended them. */
const live = new Set<ProcessTree>();

// Nothing can be waited for here. Not reached if a signal that nobody handles ends the process, or SIGKILL.
function killAll(): void {
  for (const tree of live) tree.signal('SIGKILL');
}

/** A process, and with a group of its own everything in that group. */
export class ProcessTree {
  readonly #pid: number;
  readonly #isGroup: boolean;
  readonly #onOver: () => void;
  #hasLeader = true;

  /** @param onOver - called when it is known that nobody is left to be signalled */
  constructor(pid: number, isGroup: boolean, onOver: () => void) {
    this.#pid = pid;
    this.#isGroup = isGroup;
    this.#onOver = onOver;
    // Nothing tells when the last one has gone: this is as good a time as any to look.
    for (const tree of live) if (!tree.#hasLeader) tree.forgetIfEmpty();
    if (live.size === 0) process.on('exit', killAll);
    live.add(this);
  }

  /** Whether there may be something left to signal. Afterwards the number may be somebody else's. */
  get isAlive(): boolean {
    return live.has(this);
  }

  /**
   * Sends a signal; 0 only looks whether there is somebody.
   *
   * @returns false if nobody is left
   * @throws Node's error, EPERM say
   */
  signal(signal: NodeJS.Signals | 0): boolean {
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

  /** Waits until nobody is left of the group, once its leader has exited. Others than children give no event. */
  async whenEmpty(): Promise<void> {
    for (let pause = 1; this.isAlive && !this.#isEmpty(); pause = Math.min(pause * 2, 50)) {
      await sleep(pause);
    }
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

// Somebody who has ended is a member until he is reaped, and in a container without an init nobody does that.
function someoneRunsIn(group: number): boolean {
  try {
    return readdirSync('/proc').some((entry) => /^\d/.test(entry) && runsIn(entry, group));
  } catch {
    return true;
  }
}

function runsIn(entry: string, group: number): boolean {
  try {
    const text = readFileSync(`/proc/${entry}/stat`, 'latin1');
    // `pid (name) state parent group …`, and a name can be anything.
    const [state, , itsGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
