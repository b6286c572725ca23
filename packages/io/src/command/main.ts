import { parseArgs } from 'node:util';
import { GoneError } from './client.ts';
import { ps, trace, tree, UsageError } from './commands.ts';

const USAGE = `Usage: ambit ps [--json]
       ambit tree <pid> [--json]
       ambit trace <pid> [--ms 5000] [--out file]

Looks into running programs that call serveInspector() of @ambit/io/inspect.`;

const commands = { ps, tree, trace };

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      ms: { type: 'string', default: '5000' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name = '', pid, ...more] = positionals;
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const command = Object.hasOwn(commands, name)
    ? commands[name as keyof typeof commands]
    : undefined;
  if (command === undefined || more.length > 0)
    throw new UsageError(`unknown: ${positionals.join(' ') || 'no command'}`);
  const { json, ms, out } = values;
  await command({ pid, json, ms, out }, print);
  return 0;
}

/** The exit code: 1 if the program is not there or refuses, 2 for wrong usage. */
function failed(error: unknown): number {
  const isUsage = error instanceof UsageError || error instanceof TypeError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ambit: ${message}\n${isUsage ? `\n${USAGE}\n` : ''}`);
  if (error instanceof GoneError) return 1;
  return isUsage ? 2 : 1;
}

// A reader that stops, for example `head`, is no failure.
process.stdout.on('error', () => process.exit(0));
void main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => (process.exitCode = failed(error)),
);
