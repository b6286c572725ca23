import { counted } from '@ambit/core/lowlevel';
import { gather } from '@ambit/core';
import { writeFile } from 'node:fs/promises';
import { attach as attachTo } from './attach.ts';
import { forget, GoneError, pids, read, report } from './client.ts';
import { aliveIn, describe, stateOf } from './describe.ts';
import { formatMs, plain } from './text.ts';
import { showTop } from './top.ts';
import { serveWeb } from './web.ts';

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Arguments {
  readonly pid: string | undefined;
  readonly json: boolean;
  readonly yes: boolean;
  readonly port: string;
  readonly ms: string;
  readonly every: string;
  readonly count?: string;
  readonly out?: string;
}

type Print = (text: string) => void;

const HINT =
  'No program can be looked into. A program opts in by a task:\n' +
  "  group.spawn(() => serveInspector(), { daemon: true }); // from '@ambit/io/inspect'";

/** A program as `ps` shows it; what is not known of one that does not answer is left out. */
interface Listed {
  readonly pid: number;
  readonly state: string;
  /** Seconds. */
  readonly uptime?: number;
  readonly name?: string;
  readonly tasks?: number;
}

export async function ps({ json }: Arguments, print: Print): Promise<void> {
  const found = await gather(pids().map((pid) => () => listed(pid)));
  const rows = found.filter((row) => row !== undefined);
  if (json) print(JSON.stringify(rows));
  else if (rows.length === 0) print(HINT);
  for (const { pid, uptime, name, tasks, state } of json ? [] : rows) {
    const age = uptime === undefined ? '' : formatMs(uptime * 1000);
    const cells = [String(pid), age, tasks === undefined ? '' : counted(tasks, 'task')];
    const line = [...cells.map((cell) => cell.padEnd(10)), state.padEnd(9), plain(name ?? '')];
    print(line.join(' ').trimEnd());
  }
}

async function listed(pid: string): Promise<Listed | undefined> {
  try {
    const seen = await report(pid);
    const { name, uptime } = seen;
    return { pid: Number(pid), uptime, name, tasks: aliveIn(seen), state: stateOf(seen) };
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
    if (!error.isDead) return { pid: Number(pid), state: 'NO ANSWER' };
    forget(pid);
    return undefined;
  }
}

export async function tree(given: Arguments, print: Print): Promise<void> {
  const seen = await report(pidOf(given));
  print(given.json ? JSON.stringify(seen) : describe(seen).join('\n'));
}

export async function top(given: Arguments, print: Print): Promise<void> {
  const pid = pidOf(given);
  const every = wholeOf('every', given.every, 100);
  const count = given.count === undefined ? Infinity : wholeOf('count', given.count, 1);
  await showTop({ pid, every, count, json: given.json }, print);
}

export async function attach({ pid, port, yes }: Arguments, print: Print): Promise<void> {
  if (pid === undefined || !/^[1-9]\d*$/.test(pid)) {
    throw new UsageError(`pid is ${pid ?? 'missing'}; give the id of a process of Node`);
  }
  await attachTo({ pid: Number(pid), port: portOf(port), yes }, print);
}

export async function web(given: Arguments, print: Print): Promise<void> {
  await serveWeb(pidOf(given), print);
}

export async function trace(given: Arguments, print: Print): Promise<void> {
  const pid = pidOf(given);
  const ms = wholeOf('ms', given.ms, 1);
  let text = '';
  for await (const piece of read(pid, `/trace?ms=${String(ms)}`, ms + PATIENCE)) text += piece;
  if (given.out === undefined) {
    print(text);
    return;
  }
  await writeFile(given.out, text);
  print(`${given.out}: open it in Perfetto, or in the DevTools of Chrome`);
}

/** How many milliseconds a program has to write what it has recorded. */
const PATIENCE = 10_000;

function wholeOf(name: string, text: string, least: number): number {
  if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`--${name} is ${text}; give a whole number from ${String(least)}`);
}

function portOf(text: string): number {
  const port = wholeOf('port', text, 1);
  if (port <= 65_535) return port;
  throw new UsageError(`--port is ${text}; give at most 65535`);
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
