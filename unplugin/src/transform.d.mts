import type { SourceMap } from 'magic-string';

export interface TransformOptions {
  /** The file, for the source map; by `.cjs` at its end the code is CommonJS. */
  readonly id?: string;
  /** Whether to make a source map; by default true. */
  readonly sourcemap?: boolean;
}

/**
 * Rewrites a module, a CommonJS module or a script, without types and JSX.
 *
 * @param code - the JavaScript
 * @returns undefined if there is nothing to rewrite, or if it has been rewritten already
 * @throws SyntaxError if it cannot be parsed
 */
export function transform(
  code: string,
  options?: TransformOptions,
): { code: string; map: SourceMap | null } | undefined;
