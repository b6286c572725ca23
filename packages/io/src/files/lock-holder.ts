import { node } from '../node.ts';
import { codeOf } from '../errors.ts';

/*
 * The holder of a lock, and whether it still lives. A process id says little: it is given to another process one day, and
 * each container counts from 1. So a holder is known by its machine (the boot id on Linux, elsewhere the name of the
 * host), its PID namespace, the id of its process and of its thread, and the moment at which that thread began. Where one
 * of the first two differs, nothing that can be seen here tells whether the holder lives: its heartbeat does.
 */

/** What is written into a lock file. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Of this one lock, among all that the process ever held. */
  readonly token: string;
  /** Milliseconds between two heartbeats. */
  readonly beat: number;
  /** When the process began, in milliseconds of the system's monotonic clock. */
  readonly started?: number | undefined;
  /** Linux: the thread's number, and when it began. */
  readonly thread?: number | undefined;
  readonly since?: string | undefined;
  /** Linux: this start of the system, and the set of process ids that the process lives in. */
  readonly boot?: string | undefined;
  readonly space?: string | undefined;
}

export type HolderState = 'alive' | 'dead' | 'unknown';

export function newHolder(beat: number): Holder {
  const thread = ownThread();
  return {
    pid: process.pid,
    host: node.os.hostname(),
    token: node.crypto.randomBytes(8).toString('hex'),
    beat,
    started: startOfProcess(),
    thread,
    since: thread === undefined ? undefined : birthOf(process.pid, thread),
    boot: bootId(),
    space: pidSpace(),
  };
}

/** The longest time between two heartbeats. */
export const LONGEST_BEAT = 1000;

export function parseHolder(text: string): Holder | undefined {
  try {
    const found = JSON.parse(text) as Partial<Holder> | null;
    if (typeof found?.host !== 'string' || typeof found.token !== 'string') return undefined;
    if (!isProcessId(found.pid)) return undefined;
    const thread = isProcessId(found.thread) ? found.thread : undefined;
    const beat = typeof found.beat === 'number' ? Math.min(found.beat, LONGEST_BEAT) : 0;
    return { ...(found as Holder), thread, beat };
  } catch {
    return undefined;
  }
}

// They name files of `/proc`, and 0 would be a group of processes.
function isProcessId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;
}

/** Whether a holder has gone without a release, as far as can be seen from here. */
export function stateOf(holder: Holder): HolderState {
  if (!isNear(holder)) return 'unknown';
  const { pid, thread = pid, since, started } = holder;
  const birth = since === undefined ? undefined : birthOf(pid, thread);
  if (birth !== undefined) return birth === since ? 'alive' : 'dead';
  // Nothing tells about other threads here: as long as the process lives, they may.
  if (pid === process.pid) return isOwnStart(started) ? 'alive' : 'dead';
  return isRunning(pid) ? 'alive' : 'dead';
}

function isNear({ host, boot, space }: Holder): boolean {
  const ownBoot = bootId();
  if (boot === undefined || ownBoot === undefined) return host === node.os.hostname();
  return boot === ownBoot && space === pidSpace();
}

// Both clocks are the process's, in each of its threads; they are not read in one instant.
function startOfProcess(): number {
  return Math.round(Number(process.hrtime.bigint()) / 1e6 - process.uptime() * 1000);
}

function isOwnStart(started: number | undefined): boolean {
  return started !== undefined && Math.abs(started - startOfProcess()) < 1000;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function bootId(): string | undefined {
  return attempt(() => node.fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

function pidSpace(): string | undefined {
  return attempt(() => node.fs.readlinkSync('/proc/self/ns/pid'));
}

/** Undefined also if `/proc` is that of another PID namespace, and numbers others. */
function ownThread(): number | undefined {
  const link = attempt(() => node.fs.readlinkSync('/proc/thread-self'));
  const [, pid, thread] = /^(\d+)\/task\/(\d+)$/.exec(link ?? '') ?? [];
  return Number(pid) === process.pid ? Number(thread) : undefined;
}

/** When a thread began; 'gone' if it is none of that process any more; undefined if that cannot be seen. */
function birthOf(pid: number, thread: number): string | undefined {
  if (ownThread() === undefined) return undefined;
  const leader = attempt(() => fieldsOf(`/proc/${pid}/stat`));
  if (leader === undefined) return undefined;
  // A process that is dead but not yet reaped holds nothing, once its last thread is through with what it does to files.
  if (/[ZX]/.test(leader[0] ?? '') && Number(leader[17]) <= 1) return 'gone';
  return attempt(() => fieldsOf(`/proc/${pid}/task/${thread}/stat`)[19]) ?? 'gone';
}

// `pid (name) state …`, and a name can be anything. The 20th field is the number of threads, the 22nd the moment of the
// start in ticks since the system began.
function fieldsOf(path: string): string[] {
  const line = node.fs.readFileSync(path, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
