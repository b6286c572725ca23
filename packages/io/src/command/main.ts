import { run } from '@ambit/core';
import { messageOf } from '@ambit/core/lowlevel';
import { parseArgs } from 'node:util';
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

const commands = { ps, tree, top, web, trace, attach, completion };

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
      json: { type: 'boolean', default: false },
      ms: { type: 'string', default: '5000' },
      every: { type: 'string', default: '1000' },
      count: { type: 'string' },
      out: { type: 'string' },
      yes: { type: 'boolean', short: 'y', default: false },
      port: { type: 'string', default: '9229' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name = '', pid, ...more] = positionals;
  if (values.help) {
    print(USAGE);
    return;
  }
  const command = Object.hasOwn(commands, name)
    ? commands[name as keyof typeof commands]
    : undefined;
  if (command === undefined || more.length > 0)
    throw new UsageError(`unknown: ${positionals.join(' ') || 'no command'}`);
  const { help: _, ...options } = values;
  await run(() => command({ pid, ...options }, print));
}

/** The exit code: 1 if the program is not there or refuses, 2 for wrong usage. */
function failed(error: unknown): number {
  const isUsage = error instanceof UsageError || error instanceof TypeError;
  process.stderr.write(`ambit: ${messageOf(error)}\n${isUsage ? `\n${USAGE}\n` : ''}`);
  return isUsage ? 2 : 1;
}

// A reader that stops, for example `head`, is no failure.
process.stdout.on('error', () => process.exit(0));
void main().catch((error: unknown) => (process.exitCode = failed(error)));
