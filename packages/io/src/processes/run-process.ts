import { CancelScope, taskGroup, yieldNow } from '@ambit/core';
import type { Task } from '@ambit/core';
import { checkCount, checkFlag, checkOneOf, show } from '@ambit/core/lowlevel';
import type { ByteStream } from '../streams/byte-stream.ts';
import { under } from '../cancellable.ts';
import { BrokenResourceError } from '../errors.ts';
import { moveOnAfterReal, realWork } from '../real-work.ts';
import { checkProcess } from './process-options.ts';
import type { ProcessStdio, SpawnProcessOptions } from './process-options.ts';
import { startProcess } from './open-process.ts';
import { ProcessError } from './process-error.ts';
import type { ProcessResult } from './process-error.ts';
import type { ProcessEnd } from './process.ts';

/** Options for {@link runProcess}. */
export interface RunProcessOptions extends SpawnProcessOptions {
  /** What it reads. Default: nothing, its input is at its end at once. */
  readonly input?: string | Uint8Array | undefined;
  /** Default 'pipe': it is collected. Otherwise the result has none. */
  readonly stdout?: ProcessStdio | undefined;
  /** Default 'pipe': it is collected. Otherwise the result has none. */
  readonly stderr?: ProcessStdio | undefined;
  /** Whether ending with another code than 0, or by a signal, is an error. Default true. */
  readonly check?: boolean | undefined;
  /** What the output is: text (default), or a Buffer. */
  readonly encoding?: 'utf8' | 'buffer' | undefined;
  /** Bytes that it may write to stdout, and as many to stderr. Default 64 MiB. */
  readonly maxBuffer?: number | undefined;
}

/** Milliseconds of silence after which output that another process holds open is taken to be complete. */
const SILENCE = 50;
/** Milliseconds for which it is listened to in all. */
const LONGEST_TALK = 500;

/** What comes out of one stream, up to a limit. */
class Output {
  readonly name: string;
  readonly limit: number;
  size = 0;
  readonly #chunks: Uint8Array[] = [];

  constructor(name: string, limit: number) {
    this.name = name;
    this.limit = limit;
  }

  get isTooMuch(): boolean {
    return this.size > this.limit;
  }

  /** Reads to the end, also what is too much: at its end, a process may have more to say before it can go. */
  async collect(stream: ByteStream | undefined, onTooMuch: () => void): Promise<void> {
    for (;;) {
      const chunk = await stream?.receive();
      if (chunk === undefined) return;
      if (!this.isTooMuch) this.#chunks.push(chunk.subarray(0, this.limit - this.size));
      this.size += chunk.length;
      if (this.isTooMuch) onTooMuch();
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/**
 * Runs a process to its end and collects what it writes. When it has exited, what is left of its process group is ended
 * as well: nothing that it started goes on, unless `tree` is false.
 *
 * Cancelled: SIGTERM to the whole process group, after `killGrace` SIGKILL; the cancellation leaves once it is reaped.
 * As to Ctrl-C and exits of this process, see {@link openProcess}.
 *
 * @param command - a path, or a name that is looked up in PATH
 * @param args - its arguments
 * @returns how it ended, and its output; that of a stream that is no 'pipe' is empty
 * @throws (rejects) ProcessError if it failed (unless `check` is false) or wrote more than `maxBuffer`; what
 *   {@link openProcess} rejects with; the ambient scope's CancelledError, or `signal.reason`
 * @example
 * const { stdout } = await runProcess('git', ['rev-parse', 'HEAD'], { cwd: directory });
 */
export function runProcess(
  command: string,
  args: readonly string[] | undefined,
  options: RunProcessOptions & { readonly encoding: 'buffer' },
): Promise<ProcessResult<Buffer>>;
export function runProcess(
  command: string,
  args?: readonly string[],
  options?: RunProcessOptions & { readonly encoding?: 'utf8' | undefined },
): Promise<ProcessResult>;
export function runProcess(
  command: string,
  args?: readonly string[],
  options?: RunProcessOptions,
): Promise<ProcessResult<string | Buffer>>;
export async function runProcess(
  command: string,
  args: readonly string[] = [],
  options: RunProcessOptions = {},
): Promise<ProcessResult<string | Buffer>> {
  checkRun(command, args, options);
  const limit = options.maxBuffer ?? 64 * 1024 * 1024;
  const outputs = [new Output('stdout', limit), new Output('stderr', limit)] as const;
  const order = { command, args, options, outputs };
  const end = await realWork(() => under(options.signal, () => execute(order)));
  return judge(order, end);
}

/** A process that is to be run, and where its output is collected. */
interface ProcessOrder {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: RunProcessOptions;
  readonly outputs: readonly [stdout: Output, stderr: Output];
}

function execute({ command, args, options, outputs }: ProcessOrder): Promise<ProcessEnd> {
  const [stdout, stderr] = outputs;
  const { input } = options;
  return taskGroup(
    async (group) => {
      const stdin = input === undefined ? 'ignore' : 'pipe';
      const child = await startProcess(command, args, { ...options, stdin });
      const running = new CancelScope();
      const stop = (): void => running.cancel();
      // All three at once: a process that waits until its output is read reads no input.
      const feeder = group.spawn(() => feed(child.stdin, input), { name: 'stdin' });
      const readers = [
        group.spawn(() => stdout.collect(child.stdout, stop), { name: 'stdout' }),
        group.spawn(() => stderr.collect(child.stderr, stop), { name: 'stderr' }),
      ];
      await running.run(() => child.wait());
      await child._endTree();
      feeder.cancel();
      await untilSilent(readers, () => stdout.size + stderr.size);
      for (const reader of readers) reader.cancel();
      return child.wait();
    },
    { name: `runProcess ${command}` },
  );
}

async function feed(stdin: ByteStream | undefined, input: string | Uint8Array = ''): Promise<void> {
  try {
    await stdin?.send(input);
    await stdin?.sendEof();
  } catch (error) {
    // It did not want to read all of it.
    if (!(error instanceof BrokenResourceError)) throw error;
  }
}

/**
 * A process outside of the group may hold the pipe open: then nothing tells that all has been read, and they may go on
 * writing. What the group has written is in the pipe by now.
 */
async function untilSilent(readers: Task<void>[], size: () => number): Promise<void> {
  const end = performance.now() + LONGEST_TALK;
  for (;;) {
    const before = size();
    await moveOnAfterReal(SILENCE, async () => {
      for (const reader of readers) await reader.join();
    });
    // If this turn came late, what is there has its chance now.
    for (let turn = 0; turn < 2; turn += 1) await yieldNow();
    const isOver = size() === before || readers.every((reader) => reader.done);
    if (isOver || performance.now() > end) return;
  }
}

function judge(
  { command, args, options, outputs }: ProcessOrder,
  { code, signal }: ProcessEnd,
): ProcessResult<string | Buffer> {
  const { check = true, encoding = 'utf8' } = options;
  const [stdout, stderr] = outputs.map(({ bytes }) =>
    encoding === 'buffer' ? bytes : bytes.toString('utf8'),
  ) as [string | Buffer, string | Buffer];
  const result = { code, signal, stdout, stderr };
  const line = [command, ...args].join(' ');
  const tooMuch = outputs.find((output) => output.isTooMuch);
  if (tooMuch !== undefined) {
    const text = `runProcess: ${line} wrote more than ${tooMuch.limit} bytes to ${tooMuch.name} and was ended; give a larger maxBuffer, or use openProcess and read as it writes`;
    throw new ProcessError(text, command, args, result);
  }
  if (!check || code === 0) return result;
  const end = signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
  const text = `runProcess: ${line} ${end}${lastLines(outputs[1].bytes)}`;
  throw new ProcessError(text, command, args, result);
}

/** What it had to say about it, as far as it fits into a message. */
function lastLines(stderr: Buffer): string {
  const text = stderr.subarray(-500).toString('utf8').trimEnd();
  return text === '' ? '' : `:\n${text}`;
}

function checkRun(command: unknown, args: unknown, options: RunProcessOptions): void {
  checkProcess('runProcess', { command, args }, options);
  const { input, check, encoding, maxBuffer } = options;
  if (input !== undefined && typeof input !== 'string' && !ArrayBuffer.isView(input)) {
    throw new TypeError(`runProcess: input is ${show(input)}; give a string or a Uint8Array`);
  }
  checkFlag('runProcess', 'check', check);
  if (encoding !== undefined) checkOneOf('runProcess', 'encoding', encoding, ['utf8', 'buffer']);
  if (maxBuffer !== undefined) checkCount('runProcess', 'maxBuffer', maxBuffer, 0);
}
