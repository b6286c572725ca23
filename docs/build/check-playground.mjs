/* global document, performance -- of the pages */
// The playground in a browser: every program by virtual time, a failure by hand, and the cancellation of one task.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export async function plays(page) {
  await page.goto('/playground.html');
  const options = page.locator('.playground select > option');
  // The page is alive a moment after it is there; to read texts waits for nothing.
  await options.first().waitFor({ state: 'attached' });
  const titles = await options.allInnerTexts();
  assert.equal(titles.length, 8);
  await page.getByRole('checkbox', { name: 'virtual time' }).check();
  for (const title of titles) await runsToItsEnd(page, title);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('button', { name: 'Fail' }).click();
  await output(page, 'the run has failed: Error: failed by hand');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.tree .node', { hasText: 'cem' }).getByRole('button').click();
  await page.locator('.tree .node', { hasText: 'cem' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await output(page, 'the run has ended');
}

/**
 * Every program of a page that has a link here prints what its page shows. Of the page only `goto` and `evaluate` are used, which are
 * the same in each driver.
 */
export async function playsSamples(page, origin = '') {
  const shown = outputsOfPages();
  await page.goto(`${origin}/playground.html`);
  const names = await page.evaluate(samplesListed);
  assert.ok(names.length > 30, `only ${names.length} programs of pages`);
  const wrong = [];
  for (const name of names) {
    const expected = wordsOf([...(shown.get(name)?.values() ?? [])].join(''));
    const url = `${origin}/playground.html?program=${name}`;
    const printed = await printedAt(page, url, expected);
    if (printed !== expected) wrong.push({ name, printed, expected });
  }
  assert.deepEqual(wrong, []);
}

/** The words that a program prints: the expected ones, if one of three tries does, for they run in the time of a busy machine. */
async function printedAt(page, url, expected) {
  let printed = '';
  for (let tries = 0; tries < 3 && (tries === 0 || printed !== expected); tries += 1) {
    await page.goto(url);
    printed = await page.evaluate(wordsPrinted, expected);
  }
  return printed;
}

/** In the page. */
async function samplesListed() {
  while (document.querySelector('.playground') === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [...document.querySelectorAll('.playground optgroup option')].map((each) => each.value);
}

/** In the page: runs the program that is there, and waits for the words; answers those that have come after two seconds. */
async function wordsPrinted(expected) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
  while (document.querySelector('.playground .run') === null) await pause();
  document.querySelector('.playground .run').click();
  const log = document.querySelector('.playground .log');
  let words = '';
  for (const begun = performance.now(); performance.now() - begun < 2000; await pause()) {
    const text = log.textContent;
    words = text
      .replace(/— the run has.*/, '')
      .trim()
      .replaceAll(/\s+/g, ' ');
    // One prints more after the run has ended.
    if (text.includes('— the run has') && words === expected) break;
  }
  return words;
}

async function runsToItsEnd(page, title) {
  await page.getByLabel('Program').selectOption(title);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.tree .node').first().waitFor();
  const later = page.getByRole('button', { name: '+1 s' });
  for (let second = 0; second < 90 && (await later.count()) > 0; second += 1) {
    // The run may end just then, and the button with it.
    await later.click({ timeout: 1000 }).catch(() => undefined);
  }
  await output(page, 'the run has ended');
}

/** Waits for a line of output. */
async function output(page, line) {
  await page.locator('.log', { hasText: line }).waitFor();
}

/** A program, and the next block of output before the next heading. */
const SHOWN =
  /^<!-- examples\/([\w/-]+)\.ts#([\w-]+) -->\n\n```ts\n[^]*?^```$[^#]*?^```text[^\n]*\n([^]*?)^```$/gm;

/** The output under the programs of the pages: by name, and then by region. */
function outputsOfPages() {
  const docs = join(import.meta.dirname, '..');
  const pages = ['.', 'tutorial', 'guides'].flatMap((folder) =>
    readdirSync(join(docs, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => readFileSync(join(docs, folder, file), 'utf8')),
  );
  const shown = new Map();
  for (const page of pages) {
    for (const [, name, region, output] of page.matchAll(SHOWN)) {
      // Some are shown on several pages.
      shown.set(name, (shown.get(name) ?? new Map()).set(region, output));
    }
  }
  return shown;
}

function wordsOf(text) {
  return text.trim().replaceAll(/\s+/g, ' ');
}
