import puppeteer from 'puppeteer-core';
import type { Browser, Page } from 'puppeteer-core';

export type BrowserName = 'chromium' | 'firefox';

/** Starts a browser without a window: Chromium by its own protocol, Firefox by WebDriver BiDi. */
export function launch(name: BrowserName, executablePath: string): Promise<Browser> {
  if (name === 'chromium')
    return puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  // A container has no user namespaces for it.
  const env = { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1' };
  return puppeteer.launch({ browser: 'firefox', executablePath, env });
}

/** Collects what a page complains of, apart from the refusals of the server, which are on purpose. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isRefusal = message.text().includes('status of 503');
    if (['error', 'warn'].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}
