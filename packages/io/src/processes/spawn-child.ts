import { park, show, throwIfCancelled } from '@ambit/core/lowlevel';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { node } from '../node.ts';
import { codeOf } from '../errors.ts';
import { closePipe, takePipes } from './pipes.ts';
import type { Pipe } from './pipes.ts';
import type { ProcessOptions, ProcessStdio } from './process-options.ts';

/** A child that has started, and our ends of its streams. */
export interface Child {
  readonly child: ChildProcess & { readonly pid: number };
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

type Stdio = readonly [stdin: ProcessStdio, stdout: ProcessStdio, stderr: ProcessStdio];

interface Surroundings extends Pick<ProcessOptions, 'cwd' | 'env' | 'shell' | 'signal'> {
  readonly stdio: Stdio;
  /** Whether it leads a process group of its own. */
  readonly detached: boolean;
}

/** Starts a child, with pipes where it is to have some. */
export async function spawnChild(
  command: string,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Child> {
  const { stdio, signal } = surroundings;
  // As they are now: there may be something to wait for.
  const options = optionsFrom(surroundings);
  const pipes = await takePipes(stdio.filter((how) => how === 'pipe').length);
  if (pipes === undefined) return withSockets(await start(command, args, options));
  const lines = stdio.map((how) => (how === 'pipe' ? (pipes.shift() ?? how) : how));
  try {
    throwIfCancelled({ signal });
    const child = await start(command, args, { ...options, stdio: lines.map(theirs) });
    return withPipes(child, lines);
  } catch (error) {
    for (const line of lines) if (typeof line === 'object') closePipe(line);
    throw error;
  }
}

function optionsFrom({ cwd, env, shell, stdio, detached }: Surroundings): SpawnOptions {
  return {
    cwd: cwd ?? currentDirectory(),
    env: { ...(env ?? process.env) },
    shell,
    stdio: [...stdio],
    detached,
    windowsHide: true,
  };
}

function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // It has been removed; the child is told so as well.
    return undefined;
  }
}

type Line = ProcessStdio | Pipe;

function theirs(line: Line, index: number): ProcessStdio | number {
  if (typeof line === 'string') return line;
  return index === 0 ? line.read : line.write;
}

function withSockets(child: Child['child']): Child {
  const { stdin, stdout, stderr } = child;
  return { child, stdin, stdout, stderr };
}

function withPipes(child: Child['child'], [stdin, stdout, stderr]: readonly Line[]): Child {
  return { child, stdin: writing(stdin), stdout: reading(stdout), stderr: reading(stderr) };
}

// Its end has to be the only one, or its own end would never show.
function writing(line: Line | undefined): Writable | null {
  if (typeof line !== 'object') return null;
  node.fs.closeSync(line.read);
  return new node.net.Socket({ fd: line.write, readable: false });
}

function reading(line: Line | undefined): Readable | null {
  if (typeof line !== 'object') return null;
  node.fs.closeSync(line.write);
  return new node.net.Socket({ fd: line.read, writable: false });
}

async function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<Child['child']> {
  try {
    const child = node.childProcess.spawn(command, args, options);
    if (isStarted(child)) return child;
    throw await errorOf(child);
  } catch (error) {
    const { cwd } = options;
    // Node blames the command.
    if (cwd !== undefined && !isFolder(cwd)) {
      const path = String(cwd);
      const text = `cannot run ${command} in ${path}; give a cwd that is a directory`;
      throw notStarted(error, path, text);
    }
    if (codeOf(error) === 'ENOENT' && command.includes(' ')) {
      const text = `there is no command ${show(command)}; give its arguments in an array of their own`;
      throw notStarted(error, command, text);
    }
    throw error;
  }
}

function notStarted(cause: unknown, path: string, message: string): Error {
  const code = codeOf(cause) ?? 'ENOENT';
  return Object.assign(new Error(`${code}: ${message}`, { cause }), {
    code,
    path,
    syscall: 'spawn',
  });
}

function isStarted(child: ChildProcess): child is Child['child'] {
  return child.pid !== undefined;
}

function errorOf(child: ChildProcess): Promise<Error> {
  return park<Error>((waker) => void child.once('error', (error) => waker.wake(error)), {
    shield: true,
    name: 'the reason why a process could not be started',
  });
}

function isFolder(path: string | URL): boolean {
  return node.fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
