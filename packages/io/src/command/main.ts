import { run } from '@ambit/core';
import { messageOf } from '@ambit/core/lowlevel';
import { parseArgs } from 'node:util';
import { codeOf } from '../errors.ts';
import { completionOf } from './completion.ts';
import { attach, ps, top, trace, tree, UsageError, web } from './commands.ts';

const USAGE = `Usage: ambit ps [--json]
       ambit tree <pid> [--json]
       ambit top <pid> [--every 1000] [--count n] [--json]
       ambit web <pid>
       ambit trace <pid> [--ms 5000] [--out file]
       ambit attach <pid> [--port 9229] [--yes]
       ambit completion

Looks into running programs that call serveInspector() of @ambit/io/inspect; attach into any that
uses @ambit/core, by the debugger of Node.
The first digits of a process id are enough. Where the output is no terminal, top prints text.`;

/** What a command does, whether it is about a process, and the options that it takes. */
const commands = {
  ps: { run: ps, hasPid: false, takes: ['json'] },
  tree: { run: tree, hasPid: true, takes: ['json'] },
  top: { run: top, hasPid: true, takes: ['every', 'count', 'json'] },
  web: { run: web, hasPid: true, takes: [] },
  trace: { run: trace, hasPid: true, takes: ['ms', 'out'] },
  attach: { run: attach, hasPid: true, takes: ['port', 'yes'] },
  completion: { run: completion, hasPid: false, takes: [] },
};
type Command = (typeof commands)[keyof typeof commands];

const defaults = { json: false, ms: '5000', every: '1000', yes: false, port: '9229' };

function completion(_: unknown, say: typeof print): void {
  say(completionOf(Object.keys(commands)));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      ms: { type: 'string' },
      every: { type: 'string' },
      count: { type: 'string' },
      out: { type: 'string' },
      yes: { type: 'boolean', short: 'y' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    print(USAGE);
    return;
  }
  const [name = '', ...words] = positionals;
  const command = commandOf(name);
  checkUse(name, { ...command, words, given: Object.keys(values) });
  await run(() => command.run({ pid: words[0], ...defaults, ...values }, print));
}

function commandOf(name: string): Command {
  if (Object.hasOwn(commands, name)) return commands[name as keyof typeof commands];
  throw new UsageError(`unknown: ${name || 'no command'}`);
}

interface Use {
  readonly hasPid: boolean;
  readonly takes: readonly string[];
  readonly words: readonly string[];
  readonly given: readonly string[];
}

/** A word or an option that has no effect would be a misunderstanding that stays unnoticed. */
function checkUse(name: string, { hasPid, takes, words, given }: Use): void {
  const [surplus] = words.slice(hasPid ? 1 : 0);
  if (surplus !== undefined) throw new UsageError(`${name} takes no ${surplus}; leave it out`);
  const foreign = given.find((each) => !takes.includes(each));
  if (foreign !== undefined) throw new UsageError(`${name} takes no --${foreign}; leave it out`);
}

/** The exit code: 1 if the program is not there or refuses, 2 for wrong usage. */
function failed(error: unknown): number {
  // What `parseArgs` refuses has a code of its own: another TypeError is no fault of the command line.
  const isUsage =
    error instanceof UsageError || codeOf(error)?.startsWith('ERR_PARSE_ARGS_') === true;
  process.stderr.write(`ambit: ${messageOf(error)}\n${isUsage ? `\n${USAGE}\n` : ''}`);
  return isUsage ? 2 : 1;
}

// A reader that stops, for example `head`, is no failure.
process.stdout.on('error', () => process.exit(0));
void main().catch((error: unknown) => (process.exitCode = failed(error)));
