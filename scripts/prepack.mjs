// npm leaves `catalog:` in the manifest it packs, and nobody could install that; pnpm puts the versions in.
import { join } from 'node:path';
import { readJson, root } from './setup.mjs';

if (!process.env['npm_config_user_agent']?.startsWith('pnpm/')) {
  const { packageManager } = readJson(join(root, 'package.json'));
  console.error(`ambit: packages are packed and published by pnpm: npx ${packageManager} pack`);
  process.exitCode = 1;
}
