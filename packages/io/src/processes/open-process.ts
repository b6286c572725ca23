import { yieldIfDue, refusalOf } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import { opening } from '../ownership.ts';
import { realWork } from '../real-work.ts';
import { checkProcess } from './process-options.ts';
import type { ProcessOptions, ProcessStdio } from './process-options.ts';
import { Process } from './process.ts';
import { spawnChild } from './spawn-child.ts';

function ignore(): void {
  // The sender of the signal got the error; without a listener it would end the process.
}

/**
 * Starts a child process. It belongs to the group around the call, which ends it at its end; see {@link Process}.
 *
 * It leads a process group of its own, so that all of what it starts can be ended with it. A terminal's Ctrl-C does not
 * reach that group: inside `run()` the signal cancels the program, and so ends its children. A child that shares all three
 * streams with a process under a terminal stays in the group of its parent instead, unless `tree` is true: it can ask for a
 * password on the terminal, Ctrl-C reaches it, and signals go to it alone. When this process exits by
 * `process.exit()` or of an uncaught exception, its children are killed. They are left behind if it dies of a signal
 * that is not handled, which inside `run()` only SIGKILL does.
 *
 * @param command - a path, or a name that is looked up in PATH
 * @param args - its arguments
 * @returns the process
 * @throws (rejects) Node's error if it cannot be started: ENOENT with the `path` of the command, or of the directory `cwd`;
 *   TypeError if an argument is not what it should be; the ambient scope's CancelledError or `signal.reason` on entry
 * @example
 * await using sort = await openProcess('sort', ['-n'], { stderr: 'inherit' });
 * await sort.stdin?.send('10\n9\n');
 * await sort.stdin?.sendEof();
 * for await (const bytes of sort.stdout ?? []) process.stdout.write(bytes);
 */
export async function openProcess(
  command: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<Process> {
  checkProcess('openProcess', { command, args }, options);
  return opening('openProcess', () => realWork(() => startProcess(command, args, options)));
}

/** Its arguments have been checked. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<Process> {
  const refused = refusalOf('openProcess', options);
  if (refused !== undefined) return refused;
  const { cwd, env, shell, signal, killGrace = 5000 } = options;
  const { stdin = 'pipe', stdout = 'pipe', stderr = 'pipe' } = options;
  const stdio = [stdin, stdout, stderr] as const;
  const tree = leadsGroup(options.tree, stdio);
  const started = await spawnChild(command, args, {
    ...{ cwd, env, shell, signal, stdio },
    detached: tree,
  });
  // An error of a process that runs is about a signal that could not be sent, and the sender is told.
  started.child.on('error', ignore);
  const opened = new Process({ ...started, command, killGrace, tree });
  await yieldIfDue();
  return opened;
}

// In a group of its own it would have no terminal, and could ask for no password there.
function leadsGroup(tree: boolean | undefined, stdio: readonly ProcessStdio[]): boolean {
  if (process.platform === 'win32') return false;
  return tree ?? !(stdio.every((how) => how === 'inherit') && hasTerminal());
}

function hasTerminal(): boolean {
  try {
    node.fs.closeSync(
      node.fs.openSync('/dev/tty', node.fs.constants.O_RDWR | node.fs.constants.O_NOCTTY),
    );
    return true;
  } catch {
    return false;
  }
}
