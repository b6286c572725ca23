import { checkName, checkOptions, show } from '@ambit/core/lowlevel';

/** Options of every method that waits: the one type for all packages. */
export type { SignalOptions as WaitOptions } from '@ambit/core/lowlevel';

/** Options of every primitive. */
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
