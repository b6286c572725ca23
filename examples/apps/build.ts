// npm run example -- apps/build: builds the four apps, for production, as `vite build` does in each of their directories.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const APPS = ['react', 'vue', 'svelte', 'plain'];

const root = fileURLToPath(new URL('../../apps', import.meta.url));

/** Where the built apps are. */
export const SITE = fileURLToPath(new URL('site', import.meta.url));

export async function buildApps(): Promise<void> {
  for (const app of APPS) {
    await build({
      root: join(root, app),
      logLevel: 'warn',
      build: { outDir: join(SITE, app), emptyOutDir: true },
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildApps();
