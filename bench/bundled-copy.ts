import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as core from '@ambit/core';
import type { Lock } from '@ambit/sync';
import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';

type Copy = typeof core & { readonly Lock: typeof Lock };

/** From the sources. */
export const FROM_SOURCES: BuildOptions = {
  platform: 'node',
  target: 'es2023',
  conditions: ['@ambit/source'],
};

/** A plugin that takes another text for one file of the sources. */
export function instead(file: RegExp, contentsOf: (path: string) => string): Plugin {
  return {
    name: `instead of ${file.source}`,
    setup(bundling) {
      bundling.onLoad({ filter: file }, ({ path }) => ({
        contents: contentsOf(path),
        loader: 'ts',
        resolveDir: dirname(path),
      }));
    },
  };
}

/** A copy of core and of a lock as a bundler makes it, of its own: with another platform, or another part of the sources. */
export async function bundledCopy(options: BuildOptions): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
  try {
    const outfile = join(folder, 'core.mjs');
    await build({
      stdin: {
        contents: "export * from '@ambit/core'; export { Lock } from '@ambit/sync';",
        resolveDir: fileURLToPath(new URL('..', import.meta.url)),
      },
      bundle: true,
      format: 'esm',
      outfile,
      logLevel: 'error',
      ...options,
    });
    return (await import(pathToFileURL(outfile).href)) as Copy;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
