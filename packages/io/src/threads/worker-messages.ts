import type { MessagePort } from 'node:worker_threads';
import type { Encoded } from './error-codec.ts';

/** What a pool and its threads tell each other. */

/** What a thread is given once, with its first call. */
export interface ThreadEnd {
  readonly port: MessagePort;
  /** The number of the call that is cancelled last. */
  readonly flag: Int32Array;
}

export interface WorkerTask {
  /** Its number in the messages. The arguments are there already. */
  readonly id: number;
  /** URL of the module. */
  readonly module: string;
  /** What it exports. */
  readonly name: string;
  /** With the first call of a thread. */
  readonly end: ThreadEnd | undefined;
}

export type WorkerRequest =
  | { readonly is: 'call'; readonly id: number; readonly args: readonly unknown[] }
  | { readonly is: 'cancel'; readonly id: number; readonly reason: Encoded };

export type WorkerReply =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'error'; readonly error: Encoded }
  | { readonly is: 'cancelled' };
