/* global document, getComputedStyle, innerHeight, innerWidth -- of the pages */
// Looks at the built site as readers do: follows every link, and opens pages in a browser, at a desk and on a phone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { URL } from 'node:url';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { chromium as findChromium } from '../../runtimes/chromium.mjs';
import { firefox as findFirefox } from '../../runtimes/firefox.mjs';
import { opensInTheEditor } from './check-editor.mjs';
import { plays, playsSamples } from './check-playground.mjs';

const desk = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

export async function checkSite(root) {
  const dist = join(root, 'docs/.vitepress/dist');
  await checkLinks(root, dist);
  const server = await serve(dist);
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const checks = {
      navigates,
      finds,
      draws,
      isReadableInTheDark,
      plays,
      fitsAPhone,
      playsSamples: (page) => playsSamples(page),
      opensInTheEditor,
    };
    for (const [name, check] of Object.entries(checks)) {
      await withPage(browser, origin, check, dist);
      console.error(`ambit: the site ${says[name]}`);
    }
    await checkInFirefox(origin);
    console.error('ambit: and they print the same in Firefox');
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}

/** By WebDriver BiDi, which Debian's Firefox understands. */
async function checkInFirefox(origin) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: findFirefox(),
    // A container has no user namespaces for it.
    env: { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
  });
  try {
    await playsSamples(await browser.newPage(), origin);
  } finally {
    await browser.close();
  }
}

const says = {
  navigates: 'leads from the first page through the tutorial to the reference',
  finds: 'finds what is searched for',
  draws: 'shows its drawings',
  isReadableInTheDark: 'is readable in the dark',
  plays: 'runs the programs of the playground to their ends',
  playsSamples: 'runs the programs of its pages in the playground, which print what the pages show',
  opensInTheEditor: 'opens its programs in an online editor, where they print what the pages show',
  fitsAPhone: 'fits a phone, menu included, on every page',
};

/** The project's own link checker, on the site as files. */
async function checkLinks(root, dist) {
  const program = join(root, 'examples/dist/link-check.js');
  const child = spawn(process.execPath, [program, dist, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  const [code] = await once(child, 'close');
  const { pages, counts, links } = JSON.parse(out);
  // Threads that a page quotes are on another site, which this check leaves alone.
  const own = links.filter(({ reason }) => reason !== 'external');
  const broken = own.filter(({ status }) => status !== 'ok');
  assert.deepEqual(broken, [], 'links that lead nowhere');
  assert.equal(code, 0);
  assert.ok(pages > 30, `only ${pages} pages`);
  console.error(`ambit: ${counts.ok} links on ${pages} pages lead somewhere`);
}

async function serve(dist) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = join(dist, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    readFile(file).then(
      (body) => {
        const type = types[extname(file)] ?? (file.endsWith('.svg') ? 'image/svg+xml' : '');
        response.writeHead(200, type && { 'content-type': type }).end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A page of its own for each check; what the console complains of fails it. */
async function withPage(browser, origin, check, dist) {
  const context = await browser.newContext({ baseURL: origin, viewport: desk });
  const complaints = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await check(page, dist);
  await context.close();
  assert.deepEqual(complaints, [], 'complaints in the console');
}

/** Until the page answers to clicks. */
async function open(page, path) {
  await page.goto(path);
  await isAwake(page);
}

function isAwake(page) {
  return page.waitForFunction(() => '__vue_app__' in document.querySelector('#app'));
}

async function navigates(page) {
  await open(page, '/');
  await page.getByRole('link', { name: 'Begin the tutorial' }).click();
  const titles = ['A first group'];
  for (;;) {
    await page.locator('main h1', { hasText: titles.at(-1) }).waitFor();
    await isAwake(page);
    const next = page.locator('.pager-link.next');
    if (!(await next.getAttribute('href')).startsWith('/tutorial/')) break;
    titles.push(await next.locator('.title').innerText());
    await next.click();
  }
  assert.equal(titles.length, 8, `the tutorial is ${titles.join(', ')}`);
  // A name in the text leads to its place in the reference.
  await open(page, '/tutorial/timeouts.html');
  await page.locator('main a.name', { hasText: 'moveOnAfter' }).first().click();
  await page.waitForURL('**/reference/core.html#moveonafter');
  const place = page.locator('main h2#moveonafter');
  await place.waitFor();
  await page.waitForFunction(() => {
    const { top } = document.querySelector('main h2#moveonafter').getBoundingClientRect();
    return top >= 0 && top < innerHeight;
  });
}

async function finds(page) {
  await open(page, '/');
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.locator('.VPLocalSearchBox input').fill('suppressedErrors');
  const first = page.locator('.VPLocalSearchBox .result').first();
  await first.waitFor();
  assert.match(await first.innerText(), /suppressedErrors|Failures that come later/);
  await first.click();
  await page.waitForURL(/(failure|core)\.html/);
}

async function draws(page) {
  for (const path of ['/internals.html', '/tutorial/cancellation.html']) {
    await open(page, path);
    const drawings = await page.locator('.diagram').evaluateAll((all) =>
      all.map((each) => ({
        label: each.getAttribute('aria-label'),
        width: each.querySelector('svg').getBoundingClientRect().width,
        height: each.querySelector('svg').getBoundingClientRect().height,
        shapes: each.querySelectorAll('rect, path').length,
      })),
    );
    assert.ok(drawings.length > 0, `no drawing on ${path}`);
    for (const { label, width, height, shapes } of drawings) {
      assert.ok(
        label.length > 20 && width > 400 && height > 150 && shapes > 10,
        `${path}: ${label}`,
      );
    }
  }
}

/** The texts of the drawings have enough contrast to their background, in the light and in the dark (WCAG: 4.5 to 1). */
async function isReadableInTheDark(page) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, '/internals.html');
    const isDark = await page.evaluate(() => document.documentElement.classList.contains('dark'));
    assert.equal(isDark, scheme === 'dark');
    const contrasts = await page.evaluate(contrastsOfDrawings);
    assert.ok(contrasts.length > 20);
    for (const { text, contrast } of contrasts) {
      assert.ok(contrast >= 4.5, `${scheme}: "${text}" has a contrast of ${contrast.toFixed(1)}`);
    }
  }
}

function contrastsOfDrawings() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color)
      .slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.04 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.diagram text')].map((each) => {
    const text = light(getComputedStyle(each).fill);
    const [low, high] = [ground, text].sort((a, b) => a - b);
    return { text: each.textContent, contrast: (high + 0.05) / (low + 0.05) };
  });
}

async function fitsAPhone(page, dist) {
  await page.setViewportSize(phone);
  const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith('.html'));
  assert.ok(files.length > 30);
  for (const file of files.sort()) {
    await page.goto(`/${file}`, { waitUntil: 'domcontentloaded' });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${file} is ${over} px too wide for a phone`);
  }
  await open(page, '/');
  await page.locator('.VPNavBarHamburger').click();
  await page.locator('.VPNavScreen').getByText('Reference').waitFor();
  await open(page, '/tutorial/failure.html');
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.locator('.VPSidebar.open').getByText('Cancellation', { exact: true }).click();
  await page.waitForURL('**/tutorial/cancellation.html');
}
