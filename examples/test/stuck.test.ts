import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../test-servers/free-port.ts';

// The commands of docs/guides/stuck.md, on the program that the page is about: what the page shows of their output is there,
// but for numbers and times.

jest.setTimeout(120_000);

const root = resolve(__dirname, '../..');
const command = join(root, 'packages/io/bin/ambit.mjs');
const page = readFileSync(join(root, 'docs/guides/stuck.md'), 'utf8');

interface Step {
  readonly args: readonly string[];
  readonly shown: readonly string[];
}

/** Each block with commands, and the bug of the program that they look for. */
const blocks = [...page.matchAll(/^<!-- stuck-shop (\w+) -->\n\n```sh\n([^]*?)^```$/gm)].map(
  ([, bug = '', block = '']) => ({ bug, steps: stepsIn(block) }),
);

function stepsIn(block: string): Step[] {
  return block
    .split(/^\$ npx ambit /m)
    .slice(1)
    .map((part) => {
      const [line = '', ...shown] = part.trimEnd().split('\n');
      return { args: line.split(' '), shown: shown.filter((each) => each !== '…') };
    });
}

/** A line with its numbers, times and filling taken away. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/\d+(?:\.\d+)?/g, '#')
    .replaceAll(/# (?:ms|s|min|h)\b/g, '#')
    .replaceAll(/file:\S*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** What is added so that a command neither asks nor goes on without end. */
function endingArgs(
  [name = '', , ...more]: readonly string[],
  pid: number,
  port: number,
): string[] {
  if (name === 'ps') return [name];
  if (name === 'attach') return [name, `${pid}`, '--yes', '--port', `${port}`];
  return [name, `${pid}`, ...more, ...(name === 'top' ? ['--count', '1'] : [])];
}

async function addressOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const web = spawn(process.execPath, [command, ...args], { env });
  const [line] = (await once(web.stdout, 'data')) as [Buffer];
  web.kill('SIGINT');
  await once(web, 'exit');
  return String(line);
}

describe.each(blocks)('a program with the bug $bug', ({ bug, steps }) => {
  test(`is looked into by ${steps.map(({ args }) => args[0]).join(', ')}`, async () => {
    const home = mkdtempSync(join(tmpdir(), 'ambit-stuck-'));
    const port = await freePort();
    const env = { ...process.env, XDG_RUNTIME_DIR: home };
    const program = spawn(
      process.execPath,
      [`--inspect-port=${port}`, join(root, 'examples/dist/guides/stuck-shop.js'), bug],
      { env, stdio: 'ignore' },
    );
    const ended = once(program, 'exit');
    try {
      await untilBug(bug, env);
      for (const step of steps) {
        const args = endingArgs(step.args, program.pid!, port);
        const output =
          args[0] === 'web'
            ? await addressOf(args, env)
            : spawnSync(process.execPath, [command, ...args], { env, cwd: home, encoding: 'utf8' })
                .stdout;
        const shapes = output.split('\n').map(shapeOf);
        expect(shapes).toEqual(expect.arrayContaining(step.shown.map(shapeOf)));
      }
    } finally {
      program.kill('SIGKILL');
      await ended;
      rmSync(home, { recursive: true });
    }
  });
});

/** The bug shows within the first seconds. */
async function untilBug(bug: string, env: NodeJS.ProcessEnv): Promise<void> {
  const state = { deadlock: 'DEADLOCK', stuck: 'overdue', busy: 'NO ANSWER' }[bug] ?? 'missing';
  for (let tries = 0; tries < 30; tries += 1) {
    const { stdout } = spawnSync(process.execPath, [command, 'ps'], { env, encoding: 'utf8' });
    if (stdout.includes(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the program with the bug ${bug} does not show it`);
}

test('the page looks for each bug of the program', () => {
  expect(blocks.map(({ bug }) => bug).sort()).toEqual(['busy', 'deadlock', 'deadlock', 'stuck']);
});
