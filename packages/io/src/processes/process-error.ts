import { nameErrors } from '@ambit/core/lowlevel';
import type { ProcessEnd } from './process.ts';

/** How a process ended, and what it wrote. */
export interface ProcessResult<T extends string | Buffer = string> extends ProcessEnd {
  /** What it wrote. */
  readonly stdout: T;
  /** What it wrote to stderr. */
  readonly stderr: T;
}

/** A process ended with another code than 0, by a signal, or because it wrote more than `maxBuffer`. */
export class ProcessError extends Error {
  static {
    nameErrors(this, 'ProcessError');
  }

  /** As it was given. */
  readonly command: string;
  /** As they were given. */
  readonly args: readonly string[];
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
  /** What it wrote until then. */
  readonly stdout: string | Buffer;
  /** What it wrote to stderr until then. */
  readonly stderr: string | Buffer;

  // eslint-disable-next-line max-params -- public: the order of `runProcess`, and what came of it
  constructor(
    message: string,
    command: string,
    args: readonly string[],
    result: ProcessResult<string | Buffer>,
  ) {
    super(message);
    this.command = command;
    this.args = args;
    this.code = result.code;
    this.signal = result.signal;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}
