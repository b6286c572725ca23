import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as core from '@ambit/core';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';

/** A copy of core as a bundler makes it, of its own: with another platform, or another part of the sources. */
export async function bundledCore(options: BuildOptions): Promise<typeof core> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
  try {
    const outfile = join(folder, 'core.mjs');
    await build({
      stdin: {
        contents: "export * from '@ambit/core';",
        resolveDir: fileURLToPath(new URL('..', import.meta.url)),
      },
      bundle: true,
      format: 'esm',
      outfile,
      logLevel: 'error',
      ...options,
    });
    return (await import(pathToFileURL(outfile).href)) as typeof core;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
