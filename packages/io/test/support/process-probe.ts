import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process runs; one that has ended and waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    // No /proc here, or it ended just now.
    return process.platform !== 'linux';
  }
}

/** Waits until it has ended; false if it goes on for seconds. */
export async function hasEnded(pid: number): Promise<boolean> {
  for (let i = 0; i < 300 && isRunning(pid); i += 1) await sleep(10);
  return !isRunning(pid);
}
