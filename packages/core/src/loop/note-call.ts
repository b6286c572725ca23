import { ambient } from './ambient.ts';

/** What the options of a call say that has a scope without the ambient one, or that needs none. */
interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly shield?: boolean | undefined;
}

/** The program calls something that waits, or asks for its scope. Where it has lost its scope, it is told. */
export function noteCall(name: string, options?: CallOptions): void {
  if (ambient.watch === undefined || options?.shield === true) return;
  if (options?.signal === undefined) ambient.watch.waits(name);
}
