import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { codeOf } from '../errors.ts';

/** Who holds a lock: what is written into its file. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, where the system tells: an id is given to another process one day. */
  readonly since: string | undefined;
  /** Of this one lock, among all that the process ever held. */
  readonly token: string;
}

/** The tokens of this process. Where nothing tells when it began: a lock of its own that it does not know is another's. */
const held = new Set<string>();

export function newHolder(): Holder {
  const token = randomBytes(8).toString('hex');
  held.add(token);
  return { pid: process.pid, host: hostname(), since: birthOf(process.pid), token };
}

export function forget({ token }: Holder): void {
  held.delete(token);
}

export function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    const isWhole = typeof holder?.host === 'string' && typeof holder.token === 'string';
    return isWhole && Number.isInteger(holder.pid) ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a holder has gone without a release. One on another host may live, for all we know. */
export function isDead(holder: Holder): boolean {
  if (holder.host !== hostname()) return false;
  const birth = birthOf(holder.pid);
  if (birth !== undefined && holder.since !== undefined) return birth !== holder.since;
  if (holder.pid === process.pid) return !held.has(holder.token);
  return !isRunning(holder.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

// On Linux. The 22nd field of the line, in ticks since the system has started; the second is a name in parentheses, with
// anything in it. A process that is dead but not yet reaped ('Z') holds nothing, once its last thread (the 20th) is
// through with what it does to files.
function birthOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (/[ZX]/.test(fields[0] ?? '') && Number(fields[17]) <= 1) return 'gone';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
