import type { ReadStream, WriteStream } from 'node:tty';
import { events } from '../events/events.ts';
import { keysIn } from './keys.ts';
import type { Key } from './keys.ts';
import type { Size } from './screen.ts';

// What the terminal showed before comes back when the alternate screen is left.
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show what is between at once. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'] as const;

/** A terminal whose whole screen is drawn on. What it showed before is there again once it is disposed of. */
export class Terminal implements Disposable {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #leave = (): void => this.#close();
  #isOpen = false;

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
    // Also if something else ends the process.
    process.on('exit', this.#leave);
    this.open();
  }

  get size(): Size {
    return { columns: this.#output.columns, rows: this.#output.rows };
  }

  /** Takes the screen, also after it was given back for a while. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#input.setRawMode(true);
    this.#output.write(ENTER);
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => `${line}\u001b[K`).join('\r\n');
    this.#output.write(`${BEGIN}\u001b[H${text}\u001b[J${END}`);
  }

  /** The keys that are pressed from now on. */
  async *keys(): AsyncGenerator<Key> {
    this.#input.resume();
    for await (const [piece] of events<[Buffer]>(this.#input, 'data', {
      close: ['end', 'close'],
    })) {
      yield* keysIn(String(piece));
    }
  }

  /** Stops the process, as Ctrl-Z does, until the shell has it go on. */
  suspend(): void {
    this.#close();
    process.once('SIGCONT', () => {
      this.open();
      this.#output.emit('resize');
    });
    process.kill(process.pid, 'SIGTSTP');
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#leave);
    this.#close();
    this.#input.pause();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#input.setRawMode(false);
    this.#output.write(LEAVE);
  }
}
