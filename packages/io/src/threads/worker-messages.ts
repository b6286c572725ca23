import type { MessagePort } from 'node:worker_threads';
import type { Encoded } from './error-codec.ts';

/** What a pool and its threads tell each other. */

/** What a thread is given when it starts. */
export interface ThreadEnd {
  readonly port: MessagePort;
  /** The number of the call that was cancelled last. */
  readonly flag: Int32Array;
}

/** What is to be called. */
export interface WorkerTask {
  /** URL of the module. */
  readonly module: string;
  /** What it exports. */
  readonly name: string;
  readonly args: readonly unknown[];
}

export type WorkerRequest =
  | ({ readonly is: 'call'; readonly id: number } & WorkerTask)
  | { readonly is: 'cancel'; readonly id: number; readonly reason: Encoded };

/** Of the call that is under way: a thread has one at a time. */
export type WorkerReply =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'error'; readonly error: Encoded }
  | { readonly is: 'cancelled' };
