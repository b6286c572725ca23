/** A number of things, for messages: `1 timer`, `2 timers`. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
