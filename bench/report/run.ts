import type { Outcome } from './table.ts';

/** What one Node measured. */
export interface Run {
  /** Its version. */
  readonly node: string;
  readonly outcomes: readonly Outcome[];
}

/** `Node 20` for v20.19.0 */
export function lineOf(node: string): string {
  return node.replace(/^v?(\d+)\..*/, 'Node $1');
}
