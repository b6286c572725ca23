import { writeFile } from 'node:fs/promises';
import { aliveIn, describe, formatMs, plain, stateOf } from './describe.ts';
import { forget, GoneError, pids, read, report } from './client.ts';

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Arguments {
  readonly pid: string | undefined;
  readonly json: boolean;
  readonly ms: string;
  readonly out: string | undefined;
}

type Print = (text: string) => void;

const HINT =
  'No program can be looked into. A program opts in by a task:\n' +
  "  group.spawn(() => serveInspector(), { daemon: true }); // from '@ambit/io/inspect'";

export async function ps({ json }: Arguments, print: Print): Promise<void> {
  const rows = [];
  for (const pid of pids()) {
    try {
      const seen = await report(pid);
      const { name, uptime } = seen;
      rows.push({ pid: Number(pid), uptime, name, tasks: aliveIn(seen), state: stateOf(seen) });
    } catch (error) {
      if (!(error instanceof GoneError)) throw error;
      forget(pid);
    }
  }
  if (json) print(JSON.stringify(rows));
  else if (rows.length === 0) print(HINT);
  for (const row of json ? [] : rows) {
    const cells = [String(row.pid), formatMs(row.uptime * 1000), `${String(row.tasks)} tasks`];
    print(
      [...cells.map((cell) => cell.padEnd(10)), row.state.padEnd(9), plain(row.name)].join(' '),
    );
  }
}

export async function tree(given: Arguments, print: Print): Promise<void> {
  const seen = await report(pidOf(given));
  print(given.json ? JSON.stringify(seen) : describe(seen).join('\n'));
}

export async function trace(given: Arguments, print: Print): Promise<void> {
  const pid = pidOf(given);
  if (!/^\d+$/.test(given.ms)) throw new UsageError(`--ms is ${given.ms}; give milliseconds`);
  let text = '';
  for await (const piece of read(pid, `/trace?ms=${given.ms}`)) text += piece;
  if (given.out === undefined) {
    print(text);
    return;
  }
  await writeFile(given.out, text);
  print(`${given.out}: open it in Perfetto, or in the DevTools of Chrome`);
}

/** The program that is meant: a number that begins with the given digits is enough, if there is only one. */
function pidOf({ pid }: Arguments): string {
  if (pid === undefined || !/^\d+$/.test(pid)) {
    throw new UsageError(`pid is ${pid ?? 'missing'}; give one of \`ambit ps\``);
  }
  const found = pids().filter((each) => each.startsWith(pid));
  if (found.includes(pid) || found.length === 0) return pid;
  if (found.length > 1) throw new UsageError(`pid is ${pid}; it may be ${found.join(', ')}`);
  return found[0] ?? pid;
}
