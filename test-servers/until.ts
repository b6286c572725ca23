import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds; fails after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 500) throw new Error('the condition did not come true');
    await pause(20);
  }
}
