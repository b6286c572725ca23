import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveUrl } from './page.ts';
import type { Target } from './site.ts';

export interface Options {
  readonly target: Target;
  readonly limit: number;
  /** Milliseconds for one request. */
  readonly timeout: number;
  /** Milliseconds for everything. */
  readonly deadline: number;
  readonly retries: number;
  readonly external: boolean;
  readonly show: Show;
  readonly json: boolean;
  /** Other programs of the user may look into this one. */
  readonly inspect: boolean;
}

const shows = ['broken', 'pages', 'all'] as const;
export type Show = (typeof shows)[number];

const help = `Crawls a web site and reports broken links.

  npm start                         the docs of this repository
  npm start -- https://host/path    that site: stays on its origin
  npm start -- ./directory          a directory of HTML or Markdown, or one such file;
                                    links that lead out of the directory are broken

  --limit <n>        requests at a time (default 8)
  --timeout <ms>     for each request (default 10000)
  --deadline <ms>    for everything; then what is known is reported (default: none)
  --retries <n>      further attempts after trouble that may pass (default 1)
  --[no-]external    check links to other sites too, without crawling those
                     (default: for a site yes, for files no)
  --show <what>      broken: only what is wrong; pages: that, and a line for each page (default);
                     all: every link
  --inspect          lets the command ambit look into the check while it runs
  --json             the report as JSON on stdout; with \`npm --silent start\`, nothing else
  --help

Exit code: 0 all is well; 1 broken links, or links that the deadline left unchecked; 2 wrong usage.
Ctrl-C stops everything, prints what is known, and the process ends by the signal.
`;

class UsageError extends Error {}

/** The options, or undefined if there is nothing to do: then help or complaint has been printed. */
export function readOptions(args: string[]): Options | undefined {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      process.stdout.write(help);
      return undefined;
    }
    if (positionals.length > 1) throw new UsageError('give one site or directory at a time');
    const target = readTarget(positionals[0]);
    return {
      target,
      limit: readNumber('limit', values.limit, 1),
      timeout: readNumber('timeout', values.timeout, 1),
      deadline:
        values.deadline === undefined ? Infinity : readNumber('deadline', values.deadline, 1),
      retries: readNumber('retries', values.retries, 0),
      external: values.external ?? target.is === 'url',
      show: readShow(values.show),
      json: values.json,
      inspect: values.inspect,
    };
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(`link-check: ${error.message}\nMore with --help.\n`);
    process.exitCode = 2;
    return undefined;
  }
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    allowNegative: true,
    options: {
      limit: { type: 'string', default: '8' },
      timeout: { type: 'string', default: '10000' },
      deadline: { type: 'string' },
      retries: { type: 'string', default: '1' },
      external: { type: 'boolean' },
      show: { type: 'string', default: 'pages' },
      json: { type: 'boolean', default: false },
      inspect: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_');
}

function readNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least) return number;
  throw new UsageError(`--${name} is "${text}"; give a whole number from ${least}`);
}

function readShow(text: string): Show {
  const show = shows.find((each) => each === text);
  if (show === undefined) throw new UsageError(`--show is "${text}"; give ${shows.join(', ')}`);
  return show;
}

function readTarget(text: string | undefined): Target {
  if (text === undefined) return ownDocs();
  if (/^https?:\/\//i.test(text)) {
    const url = resolveUrl(text);
    if (url === undefined) throw new UsageError(`"${text}" is not a URL`);
    return { is: 'url', url };
  }
  // npm changes to the directory of package.json, and INIT_CWD is the directory in which it was called.
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), text);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`there is no file or directory "${text}"`);
  return found.isDirectory()
    ? { is: 'folder', root: path, start: ['.'] }
    : { is: 'folder', root: dirname(path), start: [basename(path)] };
}

/** This file is compiled to examples/dist/link-check. */
function ownDocs(): Target {
  const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');
  const start = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs'];
  return { is: 'folder', root, start };
}
