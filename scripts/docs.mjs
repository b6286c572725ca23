// Builds the site: the reference from the docstrings of the built packages, pages for the files that the docs link to, and
// all of it with VitePress. A warning of either fails, as a dead link does. `--check` then looks at what was built, as a
// reader's browser does, and follows every link.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeLlms } from './llms.mjs';
import { root, setUp } from './setup.mjs';

setUp();
// What it takes is there only now.
const { writeReference } = await import('../docs/build/reference.mjs');
const { writeRepositoryPages } = await import('../docs/build/repository.mjs');

const docs = join(root, 'docs');
await writeReference(root);
writeRepositoryPages(root);
await buildSite();
writeLlms(join(docs, '.vitepress/dist'));
if (process.argv.includes('--check')) {
  const { checkSite } = await import('../docs/build/check-site.mjs');
  await checkSite(root);
}

async function buildSite() {
  const require = createRequire(join(docs, 'package.json'));
  const bin = join(dirname(require.resolve('vitepress/package.json')), 'bin/vitepress.js');
  const child = spawn(process.execPath, [bin, 'build', docs], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output += String(chunk)));
  }
  const [code] = await once(child, 'close');
  const complaints = output.split('\n').filter((line) => /warn|deprecat|\(!\)/i.test(line));
  if (code === 0 && complaints.length === 0) {
    console.error(`ambit: the site is in docs/.vitepress/dist`);
    return;
  }
  console.error(output);
  throw new Error(`VitePress ${code === 0 ? 'has warnings' : `ended with ${code}`}; see above`);
}
