import type { UnpluginInstance } from 'unplugin';

/** A part of a path as a glob (`**`, `*`, `?`), a regular expression, or several of these. */
export type FilterPattern = string | RegExp | readonly (string | RegExp)[];

export interface AmbitPluginOptions {
  /** The files to rewrite; by default the app's own, which are those outside of `node_modules`. */
  readonly include?: FilterPattern;
  /** The files among them to leave alone; by default none. */
  readonly exclude?: FilterPattern;
}

/**
 * Makes the ambient scope of `@ambit/core` follow `await` in browsers.
 *
 * @example
 * // vite.config.js
 * import ambit from 'unplugin-ambit';
 * export default { plugins: [ambit.vite()] };
 */
declare const unplugin: UnpluginInstance<AmbitPluginOptions | undefined>;
export { unplugin };
export default unplugin;

export { transform } from './transform.mjs';
export type { TransformOptions } from './transform.mjs';
