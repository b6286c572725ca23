// Which processor time the processes of a measurement take. Linux tells it.
import { readdirSync, readFileSync } from 'node:fs';

/** What a process is to the measurement, by its command line. */
const PARTS = [
  { name: 'service', command: /worker\.js/ },
  { name: 'primary', command: /order-cluster\/main\.js/ },
  { name: 'PostgreSQL', command: /postgres/ },
  { name: 'Redis', command: /redis-server/ },
] as const;

export type Part = (typeof PARTS)[number]['name'] | 'prices' | 'load';

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly ms: number;
}

/** Milliseconds of all processes that this one has started so far, and of this one, which serves the prices. */
export function processorTime(): ReadonlyMap<Part, number> {
  const entries = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? entryOf(name) : []));
  const times = new Map<Part, number>();
  const add = (part: Part, ms: number): void => void times.set(part, (times.get(part) ?? 0) + ms);
  const visit = (parent: number): void => {
    for (const { pid, ms } of entries.filter((entry) => entry.parent === parent)) {
      const part = partOf(pid);
      if (part !== undefined) add(part, ms);
      visit(pid);
    }
  };
  visit(process.pid);
  const { user, system } = process.cpuUsage();
  add('prices', (user + system) / 1000);
  return times;
}

function entryOf(pid: string): Entry[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // A hundredth of a second each: of its own, and of the children that it has waited for.
    const [user, system, ofChildren, systemOfChildren] = fields.slice(11, 15).map(Number);
    const ticks = [user, system, ofChildren, systemOfChildren].map((each) => each ?? 0);
    const ms = 10 * ticks.reduce((sum, each) => sum + each, 0);
    return [{ pid: Number(pid), parent: Number(fields[1]), ms }];
  } catch {
    // It has ended since.
    return [];
  }
}

function partOf(pid: number): Part | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return PARTS.find((part) => part.command.test(command))?.name;
  } catch {
    return undefined;
  }
}
