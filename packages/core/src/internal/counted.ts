/**
 * Puts a number of things into words, for messages.
 *
 * @param count - how many
 * @param noun - one of them
 * @returns `1 timer`, `2 timers`
 * @example
 * throw new Error(`${counted(left, 'timer')} left behind`);
 */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
