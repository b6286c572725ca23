// Uses each feature of the apps in a browser, and looks at what it shows and at what the server has counted.
//
//   npm run example -- apps/drive --browser chromium --path /usr/bin/chromium [--app react] [--feature type-ahead]
//
// Prints a line of JSON for each: `{ name, ms, error? }`.
import { parseArgs } from 'node:util';
import { concurrentForEach, run, taskGroup } from '@ambit/core';
import type { HttpAddress } from '@ambit/io';
import type { Browser } from 'puppeteer-core';
import { APPS, SITE } from './build.ts';
import { complaintsOf, launch } from './shared/drive/browsers.ts';
import type { BrowserName } from './shared/drive/browsers.ts';
import { scenarios } from './shared/drive/scenarios.ts';
import { Visitor } from './shared/drive/visitor.ts';
import { serveApps } from './shared/server/serve.ts';
import { Shop } from './shared/server/shop.ts';

const { values } = parseArgs({
  options: {
    browser: { type: 'string', default: 'chromium' },
    path: { type: 'string', default: '/usr/bin/chromium' },
    app: { type: 'string', multiple: true, default: APPS },
    feature: { type: 'string', multiple: true, default: Object.keys(scenarios) },
  },
});

await run(async (group) => {
  const browser = await launch(values.browser as BrowserName, values.path);
  group.defer(() => browser.close());
  await concurrentForEach(values.app, (app) => driveApp(browser, app), { limit: 4 });
});

/** Each app has a shop of its own, which counts its requests alone. */
async function driveApp(browser: Browser, app: string): Promise<void> {
  const shop = new Shop();
  await taskGroup(async (group) => {
    const { port } = await group.start<HttpAddress>(
      (_task, onListening) => serveApps(shop, { port: 0, site: SITE, onListening }),
      { daemon: true },
    );
    const url = `http://127.0.0.1:${port}/${app}/`;
    for (const feature of values.feature) {
      const begun = performance.now();
      const error = await errorOf({ browser, shop, url, feature });
      const ms = Math.round(performance.now() - begun);
      console.log(JSON.stringify({ name: `${app}: ${feature}`, ms, error }));
    }
  });
}

interface Visit {
  readonly browser: Browser;
  readonly shop: Shop;
  readonly url: string;
  readonly feature: string;
}

/** In a window of its own: a page behind another one is hidden. */
async function errorOf({ browser, shop, url, feature }: Visit): Promise<string | undefined> {
  shop.reset();
  const page = await browser.newPage({ type: 'window' });
  try {
    const complaints = complaintsOf(page);
    const visitor = new Visitor(page, shop, url);
    await scenarios[feature]?.(visitor);
    visitor.allIsOver();
    return complaints.length === 0 ? undefined : `the page complained: ${complaints.join('\n')}`;
  } catch (error) {
    return (error as Error).stack ?? String(error);
  } finally {
    await page.close();
  }
}
