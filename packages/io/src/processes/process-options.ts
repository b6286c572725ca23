import {
  checkDuration,
  checkFlag,
  checkOneOf,
  checkOptions,
  checkSignal,
  show,
} from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { checkString } from '../check.ts';

/** How one of the child's standard streams is connected: a pipe to us, ours shared with it, or nothing. */
export type ProcessStdio = 'pipe' | 'inherit' | 'ignore';

/** Options that {@link openProcess} and {@link runProcess} share. */
export interface SpawnProcessOptions extends WaitOptions {
  /** The directory it runs in. Default: ours. */
  readonly cwd?: string | URL | undefined;
  /** All of its environment variables. Default: ours. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Runs the command in a shell: true for the system's, or the path of one. Command and arguments are joined by
   * blanks and not quoted: never give it what others wrote.
   */
  readonly shell?: boolean | string | undefined;
  /** Milliseconds from SIGTERM to SIGKILL when it is ended. Default 5000; 0: at once; `Infinity`: never. */
  readonly killGrace?: number | undefined;
  /**
   * Whether it leads a process group of its own, and signals go to all of it: what it starts itself ends with it.
   * Default true, unless it shares all three streams with this process under a terminal. Not on Windows.
   */
  readonly tree?: boolean | undefined;
}

/** Options for {@link openProcess}. */
export interface ProcessOptions extends SpawnProcessOptions {
  /** Default 'pipe'. */
  readonly stdin?: ProcessStdio | undefined;
  /** Default 'pipe'. */
  readonly stdout?: ProcessStdio | undefined;
  /** Default 'pipe'. */
  readonly stderr?: ProcessStdio | undefined;
}

/** Everything that can be wrong before anything is started. */
export function checkProcess(
  where: string,
  command: { readonly command: unknown; readonly args: unknown },
  options: ProcessOptions,
): void {
  checkCommand(where, command);
  checkOptions(where, options);
  checkSurroundings(where, options);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const { [name]: stdio = 'pipe' } = options;
    checkOneOf(where, name, stdio, ['pipe', 'inherit', 'ignore']);
  }
}

function checkCommand(
  where: string,
  { command, args }: { readonly command: unknown; readonly args: unknown },
): void {
  checkString(where, 'command', command);
  checkText(where, 'command', command);
  if (!Array.isArray(args)) {
    throw new TypeError(`${where}: args is ${show(args)}; give an array of strings`);
  }
  args.forEach((arg, index) => checkText(where, `args[${index}]`, arg));
}

function checkSurroundings(where: string, options: SpawnProcessOptions): void {
  const { cwd, env, shell, killGrace, tree } = options;
  checkSignal(where, options.signal);
  if (typeof cwd === 'string') checkText(where, 'cwd', cwd);
  else if (cwd !== undefined && !isUrl(cwd)) {
    throw new TypeError(`${where}: cwd is ${show(cwd)}; give a path or a file URL`);
  }
  if (env !== undefined) checkEnvironment(where, env);
  if (typeof shell !== 'string') checkFlag(where, 'shell', shell);
  if (killGrace !== undefined) checkDuration(where, 'killGrace', killGrace);
  checkFlag(where, 'tree', tree);
}

// By shape: it may be of another realm.
function isUrl(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'href' in value;
}

function checkEnvironment(where: string, env: unknown): void {
  if (typeof env !== 'object' || env === null) {
    throw new TypeError(`${where}: env is ${show(env)}; give an object of strings`);
  }
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) checkText(where, `env.${name}`, String(value));
  }
}

// The system ends a text at its first NUL: what comes after would silently be lost.
function checkText(where: string, argument: string, value: unknown): void {
  if (typeof value !== 'string') {
    throw new TypeError(`${where}: ${argument} is ${show(value)}; give a string`);
  }
  if (value.includes('\0')) {
    throw new TypeError(
      `${where}: ${argument} is ${show(value)}, with a NUL character in it, which no system takes; leave it out`,
    );
  }
}
