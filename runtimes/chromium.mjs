import { browse, findBrowser } from './browser.mjs';

export const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // A page that is not looked at has its timers slowed down.
  '--disable-background-timer-throttling',
  ...['--js-flags=--expose-gc', '--enable-precise-memory-info'],
];

/** The path of its binary. */
export function chromium() {
  return findBrowser({
    name: 'Chromium',
    variable: 'CHROMIUM',
    paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser'],
    debian: 'chromium',
  });
}

/** The suite in Chromium. */
export function browseChromium(folder, server) {
  const args = (profile, url) => [...FLAGS, `--user-data-dir=${profile}`, url];
  return browse({ command: chromium(), args }, folder, server);
}
