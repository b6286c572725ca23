import { openFile, watch } from '@ambit/io';
import { stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const NEWLINE = 10;
const PIECE = 65_536;

/** The bytes of a growing file, as a stream without an end. */
export class Follower {
  readonly #path: string;
  // A watch on the directory, because another file can take the place of this one. It begins before the first read, so no change is
  // missed.
  readonly #changes;
  readonly #buffer = Buffer.alloc(PIECE);
  #file: FileHandle | undefined;
  #position = 0;
  #isInLine = false;

  constructor(file: string) {
    this.#path = file;
    this.#changes = watch(dirname(file));
  }

  async open(lines: number): Promise<void> {
    this.#file = await openFile(this.#path);
    this.#position = await startOfLast(this.#file, lines);
  }

  async receive(): Promise<Uint8Array> {
    for (;;) {
      const bytes = await this.#read();
      if (bytes.length > 0) return bytes;
      if (!(await this.#startsAgain())) await this.#change();
      // An unfinished line of the old file does not continue in the new one.
      else if (this.#isInLine) return this.#seen(Buffer.from('\n'));
    }
  }

  async #read(): Promise<Uint8Array> {
    if (this.#file === undefined) return new Uint8Array();
    const { bytesRead } = await this.#file.read(this.#buffer, 0, PIECE, this.#position);
    this.#position += bytesRead;
    return this.#seen(this.#buffer.subarray(0, bytesRead));
  }

  #seen(bytes: Buffer): Buffer {
    const last = bytes.at(-1);
    if (last !== undefined) this.#isInLine = last !== NEWLINE;
    return bytes;
  }

  /** Whether another file has this name now, or this one has become shorter than what was read. */
  async #startsAgain(): Promise<boolean> {
    const [here, there] = await Promise.all([this.#file?.stat(), statIfThere(this.#path)]);
    if (there === undefined) return false;
    if (here?.ino === there.ino && here.dev === there.dev) {
      if (there.size >= this.#position) return false;
    } else {
      await this.#file?.close();
      this.#file = await openIfThere(this.#path);
    }
    this.#position = 0;
    return true;
  }

  async #change(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#changes.next();
      if (done === true || value.filename === null || value.filename === basename(this.#path))
        return;
    }
  }
}

/** The position where the last lines begin. Searches for line ends from the back. */
async function startOfLast(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  const buffer = Buffer.alloc(PIECE);
  let left = lines;
  // Not the last byte: a line end there ends the last line.
  for (let end = size - 1; end > 0; end -= PIECE) {
    const start = Math.max(0, end - PIECE);
    await file.read(buffer, 0, end - start, start);
    for (let at = end - 1; at >= start; at -= 1) {
      if (buffer[at - start] !== NEWLINE) continue;
      left -= 1;
      if (left === 0) return at + 1;
    }
  }
  return 0;
}

function statIfThere(file: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  return stat(file).catch(ifGone);
}

function openIfThere(file: string): Promise<FileHandle | undefined> {
  return openFile(file).catch(ifGone);
}

/** The file was moved away, and the next one does not exist yet. */
function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
