import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { browse, findBrowser } from './browser.mjs';

/** It asks no questions, sends nothing home, and slows no timer down. */
const PREFERENCES = {
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

/** The path of its binary. */
export function firefox() {
  return findBrowser({
    name: 'Firefox',
    variable: 'FIREFOX',
    paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    debian: 'firefox-esr',
  });
}

/** The suite in Firefox. */
export function browseFirefox(folder, server) {
  return browse(
    {
      command: firefox(),
      args: (profile, url) => ['--headless', '--no-remote', '--profile', profile, url],
      prepare: writePreferences,
      // A container has no user namespaces for it.
      env: { MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    },
    folder,
    server,
  );
}

function writePreferences(profile) {
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
}
