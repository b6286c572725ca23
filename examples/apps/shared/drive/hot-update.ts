// Changes a component of React while a visitor uses it, as its developer does. Gets the path of Chromium; prints what went wrong, if anything.
import { strict as assert } from 'node:assert';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { run } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import type { HttpAddress } from '@ambit/io';
import { serveApps } from '../server/serve.ts';
import { Shop } from '../server/shop.ts';
import { complaintsOf, launch } from './browsers.ts';
import { Visitor } from './visitor.ts';

const apps = fileURLToPath(new URL('../../../../apps', import.meta.url));
/** What is changed is a copy. */
const copy = fileURLToPath(new URL('../../hot-update', import.meta.url));

await run(async (group) => {
  await rm(copy, { recursive: true, force: true });
  for (const part of ['react', 'shared'])
    await cp(join(apps, part), join(copy, part), { recursive: true });
  const shop = new Shop();
  const browser = await launch('chromium', process.argv[2] ?? '/usr/bin/chromium');
  group.defer(() => browser.close());
  const page = await browser.newPage();
  const complaints = complaintsOf(page);
  const visitor = new Visitor(page, shop, await develop(group, shop));
  await changesWhileUsed(visitor);
  await mountsTwice(visitor);
  assert.deepEqual(complaints, []);
});

/** The server that Vite has for developers, before that of the shop. */
async function develop(group: TaskGroup, shop: Shop): Promise<string> {
  const { port } = await group.start<HttpAddress>(
    (_task, onListening) => serveApps(shop, { port: 0, site: copy, onListening }),
    { daemon: true },
  );
  process.env['API'] = `http://127.0.0.1:${port}`;
  const vite = await createServer({
    root: join(copy, 'react'),
    cacheDir: join(copy, 'cache'),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  });
  group.defer(() => vite.close());
  await vite.listen();
  return vite.resolvedUrls?.local[0] ?? '';
}

async function changesWhileUsed(visitor: Visitor): Promise<void> {
  const { page, shop } = visitor;
  await visitor.open('search');
  await page.evaluate('marker = "the same page"');
  shop.hold('search');
  await visitor.types('tr');
  await visitor.sees('.status', 'Searching…');
  await visitor.isOpen('search', 1);
  const file = join(copy, 'react/Search.tsx');
  await writeFile(file, (await readFile(file, 'utf8')).replace('Searching…', 'Looking…'));
  // What is under way goes on, and the next request aborts it.
  await visitor.sees('.status', 'Looking…');
  await visitor.counts('search', { begun: 1, aborted: 0 });
  await visitor.types('e');
  await visitor.counts('search', { begun: 2, aborted: 1 });
  shop.holdNoMore('search');
  await visitor.types('e');
  await visitor.sees('.rows', 'Plant a tree');
  await visitor.counts('search', { begun: 3, finished: 1, aborted: 2 });
  await visitor.holds('marker === "the same page"');
  shop.hold('search');
  await visitor.types('s');
  await visitor.isOpen('search', 1);
  await visitor.leave();
  visitor.allIsOver();
}

/** In development StrictMode mounts each component twice: what the first mount has begun is aborted, and what suspends goes on. */
async function mountsTwice(visitor: Visitor): Promise<void> {
  const { shop } = visitor;
  shop.hold('reviews');
  await visitor.clicks('.views a', 'Things');
  await visitor.clicks('.rows a', 'Fold a crane');
  await visitor.sees('.detail .status', 'Loading…');
  await visitor.isOpen('reviews', 1);
  shop.letGo('reviews');
  await visitor.sees('.detail h3', 'Fold a crane');
  await visitor.leave();
  for (const part of ['things', 'details', 'reviews'] as const)
    await visitor.counts(part, { finished: 1, failed: 0 });
  visitor.allIsOver();
}
