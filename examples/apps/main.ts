// One shop in four apps, made with React, Vue, Svelte and plain TypeScript, and the server that counts what each asks for.
//
//   npm run example -- apps [--port 4173]
//
// To change an app and see it change, leave this running, and start the app's own server beside it:
//
//   cd examples && npx vite apps/react
import { parseArgs } from 'node:util';
import { run } from '@ambit/core';
import { buildApps, SITE } from './build.ts';
import { serveApps } from './shared/server/serve.ts';
import { Shop } from './shared/server/shop.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' } } });

await buildApps();
await run(() =>
  serveApps(new Shop(), {
    port: Number(values.port),
    site: SITE,
    onListening: ({ host, port }) => {
      console.log(`http://${host}:${port}/`);
    },
  }),
);
