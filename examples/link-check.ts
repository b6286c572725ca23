// Crawls a web site, or a directory of HTML or Markdown, and reports its broken links.
//
//   npm start                         this repository's own docs
//   npm start -- https://host/path    that site
//   npm start -- ./directory          a directory
//   npm start -- --inspect            and `ambit top` shows what it does
//   npm start -- --help
//
// All parts of the program end by cancellation:
// - a request has `--timeout` (crawl.ts), the whole crawl has `--deadline` (below);
// - Ctrl-C cancels all requests, and the results so far are still printed;
// - the server of a directory is closed when all requests to it have ended.
import { CancelScope, currentScope, run, shield, use } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { serveInspector } from '@ambit/io/inspect';
import { Crawl } from './link-check/crawl.ts';
import { readOptions } from './link-check/options.ts';
import type { Options } from './link-check/options.ts';
import { progressOn } from './link-check/progress.ts';
import { exitCodeFor, makeReport, printReport } from './link-check/report.ts';
import { openSite } from './link-check/site.ts';

const options = readOptions(process.argv.slice(2));
if (options !== undefined) {
  await run((group) => {
    if (options.inspect) inspectIn(group);
    return checkLinks(options);
  });
}

function inspectIn(group: TaskGroup): void {
  group.spawn(() => serveInspector({ name: 'link-check' }), { name: 'inspector', daemon: true });
  const command = `node packages/io/bin/ambit.mjs top ${process.pid}`;
  process.stderr.write(`link-check: to look into this, run \`${command}\`\n`);
}

function checkLinks(options: Options): Promise<void> {
  return use(openSite(options.target), async (site) => {
    const crawl = new Crawl(site, options, progressOn(process.stderr));
    const deadline = new CancelScope({ name: 'deadline', timeout: options.deadline });
    try {
      await deadline.run(() => crawl.run());
    } finally {
      // After Ctrl-C every wait in here is refused, except under a shield.
      const report = makeReport(site, crawl, whyStopped(deadline));
      process.exitCode = exitCodeFor(report);
      await shield(() => printReport(report, options));
    }
  });
}

function whyStopped(deadline: CancelScope): string | null {
  if (deadline.cancelCaught) return 'deadline';
  const interruption = currentScope().reason;
  return interruption?.source === 'shutdown' ? (interruption.reason as NodeJS.Signals) : null;
}
