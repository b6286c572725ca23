import { node } from '../node.ts';

/** A text as a frame of a WebSocket's client, which has to mask what it sends. */
export function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const mask = node.crypto.randomBytes(4);
  for (const [at, byte] of body.entries()) body[at] = byte ^ (mask[at % 4] ?? 0);
  return Buffer.concat([headOf(body.length), mask, body]);
}

function headOf(length: number): Buffer {
  if (length < 126) return Buffer.from([TEXT, MASKED | length]);
  if (length < 65_536) return Buffer.from([TEXT, MASKED | 126, length >> 8, length & 255]);
  const head = Buffer.from([TEXT, MASKED | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** The last frame of a message that is text. */
const TEXT = 0x81;
const MASKED = 0x80;

/** Reads the messages of a WebSocket's server. */
export class FrameReader {
  readonly #onMessage: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];

  constructor(onMessage: (text: string) => void) {
    this.#onMessage = onMessage;
  }

  add(piece: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, piece]);
    for (let size = this.#take(); size > 0; size = this.#take()) {
      this.#rest = this.#rest.subarray(size);
    }
  }

  /** Returns the size of the first frame; 0: it is not complete. */
  #take(): number {
    const rest = this.#rest;
    if (rest.length < 2) return 0;
    const [first = 0, second = 0] = rest;
    const short = second & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < head) return 0;
    const length =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < head + length) return 0;
    this.#frame(first, rest.subarray(head, head + length));
    return head + length;
  }

  /** Those that are no text, for example a ping, have no meaning here. */
  #frame(first: number, body: Buffer): void {
    const kind = first & 15;
    if (kind > 1) return;
    this.#parts.push(body);
    if ((first & 128) === 0) return;
    this.#onMessage(Buffer.concat(this.#parts).toString());
    this.#parts = [];
  }
}
