import { park } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import { codeOf } from '../errors.ts';

/*
 * Node connects a child by socket pairs. On Linux a socket cannot be opened by its name in `/dev/fd`, so `echo oops >
 * /dev/stderr` fails in such a child, as do `tee /dev/stderr` and `cat /dev/stdin`. Other systems open sockets by these
 * names, and need none of this.
 *
 * Nothing in Node makes a pipe. A shell does, for each here-document, and the pipes of another process of the same user can
 * be opened in `/proc`: a shell makes some, says so, and ends once both ends of each are open here. Not FIFOs, which
 * mkfifo(1) would make: to open one by its name waits for the other end, also where that has been and gone.
 *
 * To start the shell takes longer than to start the child, so each time more are made than are asked for. They are closed
 * when no process was started for a while. Where it does not work there are sockets, as before: a system without `/proc` or
 * a shell, or a shell that has files for here-documents (bash before 5.1).
 */

/** The descriptors of a pipe's two ends. No child inherits them by itself. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** How many more are made than are asked for: enough for six children. */
const AHEAD = 18;
/** Milliseconds for which they are kept. */
const KEPT = 1000;

type Outcome = 'made' | 'not now' | 'never';

const stock: Pipe[] = [];
let wanted = 0;
let making: Promise<Outcome> | undefined;
let letGo: NodeJS.Timeout | undefined;
// Bun and Deno close, or lose, descriptors that a child was given.
const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined;
let canMake = isNode && process.platform === 'linux';

/**
 * Waits until there are enough pipes, also in a cancelled scope.
 *
 * @returns the pipes, to be closed; undefined where none can be made
 */
export async function takePipes(count: number): Promise<Pipe[] | undefined> {
  if (count === 0) return [];
  wanted += count;
  try {
    while (stock.length < count) if (!(await refill())) return undefined;
    return stock.splice(0, count);
  } finally {
    wanted -= count;
    node.timers.clearTimeout(letGo);
    letGo = node.timers.setTimeout(() => stock.splice(0).forEach(closePipe), KEPT);
    letGo.unref();
  }
}

export function closePipe({ read, write }: Pipe): void {
  node.fs.closeSync(read);
  node.fs.closeSync(write);
}

/** One for all calls that wait. */
async function refill(): Promise<boolean> {
  if (!canMake) return false;
  making ??= makePipes().finally(() => {
    making = undefined;
  });
  const outcome = await made(making);
  if (outcome === 'never') canMake = false;
  return outcome === 'made';
}

/** All that a POSIX shell can name in a redirection, but for its own streams. */
const DESCRIPTORS = [3, 4, 5, 6, 7, 8, 9];
// For each line that it reads it makes as many pipes, and writes a line. An empty document might be `/dev/null`.
const MAKE = `while read -r _; do exec ${DESCRIPTORS.map((fd) => `${fd}<<E`).join(' ')}
${'\nE\n'.repeat(DESCRIPTORS.length)}echo; done`;

/** Waits for them, also in a cancelled scope. */
function made(pipes: Promise<Outcome>): Promise<Outcome> {
  return park<Outcome>((waker) => void pipes.then((outcome) => waker.wake(outcome)), {
    shield: true,
    name: 'the pipes of a process',
  });
}

function makePipes(): Promise<Outcome> {
  // eslint-disable-next-line no-restricted-syntax -- in no scope: other callers wait for them too, also if the first crashes
  return new Promise((resolve) => {
    // In a group of its own: Ctrl-C is none of its concern.
    const shell = node.childProcess.spawn('/bin/sh', ['-c', MAKE], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    let outcome: Outcome = 'not now';
    shell.stdout.on('data', () => {
      outcome = openPipes(shell.pid);
      if (outcome === 'made' && stock.length < wanted + AHEAD) shell.stdin.write('\n');
      else shell.stdin.end();
    });
    shell.stdin.on('error', () => undefined);
    shell.once('error', (error) => {
      resolve(outcomeOf(error));
    });
    shell.once('exit', () => {
      resolve(outcome);
    });
    shell.stdin.write('\n');
  });
}

function openPipes(pid: number | undefined): Outcome {
  try {
    for (const fd of DESCRIPTORS) stock.push(openPipe(`/proc/${pid}/fd/${fd}`));
    return 'made';
  } catch (error) {
    return outcomeOf(error);
  }
}

const FOR_NOW = new Set<string | undefined>(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

function outcomeOf(error: unknown): Outcome {
  return FOR_NOW.has(codeOf(error)) ? 'not now' : 'never';
}

function openPipe(name: string): Pipe {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = node.fs.constants;
  const document = node.fs.openSync(name, O_RDONLY | O_NONBLOCK);
  try {
    if (!node.fs.fstatSync(document).isFIFO()) throw new Error('not a pipe');
    node.fs.readSync(document, Buffer.alloc(2));
  } finally {
    node.fs.closeSync(document);
  }
  // Neither with O_NONBLOCK, which the child would have as well.
  const read = node.fs.openSync(name, O_RDONLY);
  try {
    return { read, write: node.fs.openSync(name, O_WRONLY) };
  } catch (error) {
    node.fs.closeSync(read);
    throw error;
  }
}
