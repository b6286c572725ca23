import type { EncodedError } from '../internal/error-codec.ts';

/** What a pool and its workers post to each other. A worker may post messages of its own: these have the mark `ambit`. */

export type WorkerRequest =
  | {
      readonly ambit: 'call';
      readonly id: number;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly ambit: 'cancel'; readonly id: number; readonly reason: EncodedError };

export type WorkerReply =
  | { readonly ambit: 'value'; readonly id: number; readonly value: unknown }
  | { readonly ambit: 'error'; readonly id: number; readonly error: EncodedError }
  | { readonly ambit: 'cancelled'; readonly id: number };

export type WorkerNotice =
  /** It takes calls from now on. */
  | { readonly ambit: 'ready' }
  /** It has called `close()`. */
  | { readonly ambit: 'closed' };

/** A message of this protocol, or undefined. */
export function messageOf(event: unknown): WorkerRequest | WorkerReply | WorkerNotice | undefined {
  const { data } = event as { readonly data?: unknown };
  const isOurs = typeof data === 'object' && data !== null && 'ambit' in data;
  return isOurs ? (data as WorkerRequest | WorkerReply | WorkerNotice) : undefined;
}
