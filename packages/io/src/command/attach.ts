import { shield, sleep, throwIfCancelled, timeout, TimeoutError } from '@ambit/core';
import type { TaskTreeNode } from '@ambit/core';
import { createInterface } from 'node:readline/promises';
import { codeOf } from '../errors.ts';
import { node } from '../node.ts';
import { GoneError } from './client.ts';
import { askDebugger, DebuggerSession } from './debugger-session.ts';
import { treeLines } from './describe.ts';
import { findingsOf } from './findings.ts';
import { formatMs, plain } from './text.ts';

/** What `ambit attach` was given. */
export interface AttachOptions {
  readonly pid: number;
  /** On which the debugger of the process listens, or will. */
  readonly port: number;
  /** Do not ask. */
  readonly yes: boolean;
}

type Print = (text: string) => void;

/** What the process tells of itself. */
interface Look {
  readonly name: string;
  readonly uptime: number;
  readonly rss: number;
  readonly looks: readonly {
    readonly tree: TaskTreeNode;
    readonly deadlocks: readonly string[];
    readonly omitted: number;
    readonly current?: string;
  }[];
}

/** A function that is being called. */
interface Call {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/** Shows a program that did not call serveInspector(), by the debugger that each process of Node can open. */
export async function attach(options: AttachOptions, print: Print): Promise<void> {
  const { pid, port } = options;
  checkProcess(pid);
  if (!(await mayOpen(options))) return;
  const wasOpen = await isOpen(port);
  if (!wasOpen) {
    process.kill(pid, 'SIGUSR1');
    await untilOpen(pid, port);
  }
  const session = await DebuggerSession.open(port);
  try {
    await expectProcess(session, options);
    for (const line of linesOf(await lookInto(session))) print(line);
  } finally {
    if (!wasOpen) await shield(() => closeDebugger(session));
    session[Symbol.dispose]();
  }
}

/** A signal that a process does not expect would end it. */
function checkProcess(pid: number): void {
  try {
    process.kill(pid, 0);
  } catch (error) {
    const why = codeOf(error) === 'EPERM' ? 'belongs to another user' : 'is not there';
    throw new GoneError(`the process ${String(pid)} ${why}`, { isDead: false });
  }
  const status = statusOf(pid);
  // Until its parent asks how it ended, it has its number still.
  if (/^State:\s*Z/m.test(status)) {
    throw new GoneError(`the process ${String(pid)} has ended`, { isDead: true });
  }
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (caught === undefined || (BigInt(`0x${caught}`) & SIGUSR1) !== 0n) return;
  throw new GoneError(
    `the process ${String(pid)} would end by SIGUSR1: it is no program of Node, or was started with --disable-sigusr1`,
    { isDead: false },
  );
}

/** Its bit among the signals that a process handles. */
const SIGUSR1 = 1n << 9n;

/** What Linux tells of a process; nothing elsewhere. */
function statusOf(pid: number): string {
  try {
    return node.fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  } catch {
    return '';
  }
}

async function mayOpen({ pid, port, yes }: AttachOptions): Promise<boolean> {
  if (yes) return true;
  const warning = `This opens the debugger of the process ${String(pid)} on 127.0.0.1:${String(port)} for a moment, by SIGUSR1.\nAs long as it is open, every user of this machine can run code in the process.\n`;
  if (!process.stdin.isTTY) {
    throw new GoneError(`${warning}Give --yes to go on.`, { isDead: false });
  }
  const asker = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y/i.test(await asker.question(`${warning}Go on? [y/N] `));
  } finally {
    asker.close();
  }
}

async function isOpen(port: number): Promise<boolean> {
  try {
    await askDebugger(port, '/json/version');
    return true;
  } catch (error) {
    throwIfCancelled();
    if (error instanceof TimeoutError) throw error;
    return false;
  }
}

async function untilOpen(pid: number, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await isOpen(port)) return;
    checkProcess(pid);
    await sleep(50);
  }
  throw new GoneError(
    `the process ${String(pid)} has opened no debugger on port ${String(port)}: it handles SIGUSR1 itself, or has another --inspect-port`,
    { isDead: false },
  );
}

/** The port may belong to another process. */
async function expectProcess(
  session: DebuggerSession,
  { pid, port }: AttachOptions,
): Promise<void> {
  const found = await session.evaluate('process.pid');
  if (found === pid) return;
  throw new GoneError(
    `the debugger on port ${String(port)} is that of the process ${String(found)}; give --port, that of the process ${String(pid)}`,
    { isDead: false },
  );
}

const LOOK = `JSON.stringify({
  name: (process.argv[1] ?? 'node').split(/[\\\\/]/).pop(),
  uptime: process.uptime(),
  rss: process.memoryUsage.rss(),
  looks: [...(globalThis[Symbol.for('@ambit/core:look')] ?? [])].map((look) => look()),
})`;

/** How long the event loop may take for a turn, in milliseconds. */
const TURN = 1000;

async function lookInto(
  session: DebuggerSession,
): Promise<{ look: Look; calls: readonly string[] }> {
  const calls = (await turns(session)) ? [] : await pause(session);
  const look = JSON.parse(String(await session.evaluate(LOOK))) as Look;
  if (calls.length > 0) await session.call('Debugger.disable');
  return { look, calls };
}

/** Whether the event loop goes round. */
async function turns(session: DebuggerSession): Promise<boolean> {
  const expression = 'new Promise((resolve) => setTimeout(resolve, 1))';
  try {
    await timeout(TURN, () => session.call('Runtime.evaluate', { expression, awaitPromise: true }));
    return true;
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}

/** The functions that are being called, the innermost first. */
async function pause(session: DebuggerSession): Promise<readonly string[]> {
  const paused = session.next<{ callFrames: readonly Call[] }>('Debugger.paused');
  await session.call('Debugger.enable');
  await session.call('Debugger.pause');
  const { callFrames } = await paused;
  return callFrames.map((call) => placeOf(call, session));
}

/** The process does not answer to this: it waits until the connection is gone. */
async function closeDebugger(session: DebuggerSession): Promise<void> {
  session.send('Runtime.evaluate', {
    expression: `process.getBuiltinModule('node:inspector').close()`,
  });
  await sleep(100);
}

const MOST_CALLS = 8;

function* linesOf({ look, calls }: Awaited<ReturnType<typeof lookInto>>): Generator<string> {
  const { name, uptime, rss, looks } = look;
  if (calls.length > 0) {
    const task = looks.find(({ current }) => current !== undefined)?.current;
    yield `BLOCKED: the event loop is held${task === undefined ? '' : ` by the task "${plain(task)}"`}, in`;
    for (const call of calls.slice(0, MOST_CALLS)) yield `    ${plain(call)}`;
  }
  for (const seen of looks) {
    for (const { label, text } of findingsOf(seen)) yield `${label}: ${plain(text)}`;
  }
  yield `${plain(name)}  up ${formatMs(uptime * 1000)}  ${String(Math.round(rss / 1e6))} MB`;
  if (looks.length === 0) yield 'No run() of @ambit/core is, or was, in this process.';
  for (const { tree, omitted } of looks) {
    yield '';
    yield* treeLines({ tree });
    if (omitted > 0) yield `… and ${String(omitted)} more`;
  }
}

function placeOf({ functionName, location }: Call, session: DebuggerSession): string {
  const place = `${session.addressOf(location.scriptId)}:${String(location.lineNumber + 1)}:${String(location.columnNumber + 1)}`;
  return `at ${functionName === '' ? '(anonymous)' : functionName} (${place})`;
}
