// npm leaves `catalog:` in the manifest it packs, which cannot be installed; pnpm replaces it by versions.
import { join } from 'node:path';
import { readJson, root } from './setup.mjs';

if (!process.env['npm_config_user_agent']?.startsWith('pnpm/')) {
  const { packageManager } = readJson(join(root, 'package.json'));
  console.error(`ambit: packages are packed and published by pnpm: npx ${packageManager} pack`);
  process.exitCode = 1;
}
