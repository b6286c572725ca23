import type { FastifyReply } from 'fastify';

/** Aborts when the client leaves, or the request takes too long. The caller hands it on to each call. */
export function signalOf({ raw }: FastifyReply, ms: number): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort(new Error('the client has left'));
  });
  return AbortSignal.any([left.signal, AbortSignal.timeout(ms)]);
}

/** Waits for a promise that takes no signal. It goes on if the signal comes first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
