import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { doorsOf } from '../build/doors.mjs';

const docs = join(import.meta.dirname, '..');

// In the order of the sidebar. A guide that is not named here comes after those that are.
const tutorial = [
  ...['first-group', 'failure', 'cancellation', 'timeouts', 'resources', 'sharing', 'streams'],
  'virtual-time',
];
const guides = [
  ...['index', 'promise-all', 'asyncio', 'effection-and-effect'],
  ...[
    'graceful-shutdown',
    'bounded-fan-out',
    'retry-and-hedging',
    'service',
    'order-service',
    'supervision',
    'scheduling',
    'shared-promises',
    'input-and-output',
    'actions',
    'stuck',
    'opentelemetry',
  ],
  ...['testing', 'cancelled-anywhere', 'every-order', 'a-network-that-fails'],
  ...[
    'abort-signal',
    'interop',
    'interop-fetch',
    'interop-workflows',
    'interop-express',
    'interop-fastify',
  ],
  ...[
    'postgresql',
    'redis',
    'several-cores',
    'several-machines',
    'agents',
    'mcp-server',
    'llm-proxy',
    'own-primitive',
  ],
];
const explanation = [
  'design',
  'not-cancellable',
  'runtimes',
  'after-await',
  'stability',
  'diagnostics',
  'messages',
  'internals',
  'rules',
  'decisions/index',
];
const measured = ['comparison', 'type-ahead', 'benchmarks'];

export function sidebar(): DefaultTheme.SidebarItem[] {
  const pagesIn = (folder: string) =>
    readdirSync(join(docs, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => file.slice(0, -'.md'.length))
      .sort();
  const further = pagesIn('guides').filter((page) => !guides.includes(page));
  return [
    { text: 'Tutorial', items: tutorial.map((page) => item(`tutorial/${page}`)) },
    { text: 'Guides', items: [...guides, ...further].map((page) => item(`guides/${page}`)) },
    {
      text: 'Explanation',
      items: [
        ...explanation,
        ...measured.filter((page) => existsSync(join(docs, `${page}.md`))),
      ].map(item),
    },
    {
      text: 'Reference',
      items: doorsOf(join(docs, '..')).map(({ name, page }) => ({
        text: name,
        link: `/reference/${page}`,
      })),
    },
  ];
}

/** Each page has its own title as its text. */
function item(page: string): DefaultTheme.SidebarItem {
  const text = readFileSync(join(docs, `${page}.md`), 'utf8');
  const [, title] = /^# (.*)$/m.exec(text) ?? [];
  if (title === undefined) throw new Error(`docs/${page}.md has no title`);
  return { text: title.replaceAll(/[`\\]/g, ''), link: `/${page.replace(/(^|\/)index$/, '$1')}` };
}
