import { checkName, checkOptions, show } from './check.ts';

/** What every waiting method takes. */
export interface WaitOptions {
  /** Aborting it ends the wait with `signal.reason`, in addition to the ambient scope. */
  readonly signal?: AbortSignal | undefined;
}

/** What every primitive takes. */
export interface NameOptions {
  /** Shows in messages, and in the task tree where tasks wait for it. */
  readonly name?: string | undefined;
}

/** How a primitive is called in messages and in the task tree: `lock "db"`, or just `lock`. */
export function labelOf(where: string, kind: string, options: NameOptions | undefined): string {
  checkOptions(where, options);
  checkName(where, options?.name);
  return options?.name === undefined ? kind : `${kind} ${show(options.name)}`;
}
