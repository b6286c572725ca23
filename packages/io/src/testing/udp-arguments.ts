type Done = (error: Error | null, bytes: number) => void;
type Bytes = string | Uint8Array | readonly (string | Uint8Array)[];

/** What a call of `dgram.Socket.send` says, whichever form it has. */
export interface SendArguments {
  readonly bytes: Buffer;
  readonly port: number;
  readonly host: string;
  readonly callback: Done | undefined;
}

export function sendArguments(
  args: unknown[],
  at: { readonly isConnected: boolean },
): SendArguments {
  const callback = args.find((each) => typeof each === 'function') as Done | undefined;
  const [message, ...given] = args.filter((each) => typeof each !== 'function');
  const whole = bytesOf(message as Bytes);
  // A part of the message: its offset and its length come first.
  const isPart = typeof given[1] === 'number' && (at.isConnected || given.length > 2);
  const [offset, length] = isPart ? (given as [number, number]) : [0, whole.length];
  const [port, host] = isPart ? given.slice(2) : given;
  return {
    bytes: whole.subarray(offset, offset + length),
    port: Number(port),
    host: typeof host === 'string' ? host : 'localhost',
    callback,
  };
}

// Copied: the sender may use its memory again.
function bytesOf(message: Bytes): Buffer {
  if (typeof message === 'string') return Buffer.from(message);
  if (message instanceof Uint8Array) return Buffer.from(message);
  return Buffer.concat(message.map((each) => bytesOf(each)));
}
