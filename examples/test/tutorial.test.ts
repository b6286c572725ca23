import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

// The programs of the tutorial and the guides. The pages show them by region (`npm run samples` writes them there), so what
// a reader sees is what runs here; the `text` block after a program is all that it prints.

const root = resolve(__dirname, '../..');

// The first two have their samples written in them, and readme.test.ts runs them. Some show programs that have tests of their
// own, and the others are not about how to use it.
const others =
  /^docs\/(guides\/testing|design|guides\/(?:interop[\w-]*|agents|mcp-server|llm-proxy|order-service|several-cores)|benchmarks|type-ahead|decisions\/\d.*|rules)\.md$/;

interface Sample {
  readonly page: string;
  readonly line: number;
  /** From the root: `examples/tutorial/lock.ts`. */
  readonly file: string;
  readonly region: string;
  /**
   * The block after it, and how that begins: `text`, or `text ends by SIGTERM`, or `text stderr` for the other stream.
   * Undefined if there is none.
   */
  readonly shown: { readonly info: string; readonly output: string } | undefined;
  /** The `text stdin` block before that: what it reads. */
  readonly input: string;
}

function pagesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (['node_modules', 'reference', '.vitepress'].includes(entry.name)) return [];
    if (entry.isDirectory()) return pagesUnder(path);
    return entry.name.endsWith('.md') && !others.test(path) ? [path] : [];
  });
}

// Programs of services, which databases.test.ts and interop.test.ts run with their servers.
const services =
  /^examples\/(guides\/(order-node|pg-fastify|postgresql|postgres-js|queues|redis|service|several-machines|stuck-shop)|opentelemetry)\.ts$/;
// Pages with a few lines that are no program: a configuration, or what a program of another page would have in addition.
const withLines =
  /^docs\/(runtimes|stability|guides\/(actions|opentelemetry|postgresql|redis|several-machines|stuck))\.md$/;

const pages = pagesUnder('docs').sort();
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const SAMPLE = /^<!-- (examples\/[\w/.-]+\.(?:ts|py))#([\w-]+) -->\n\n```(?:ts|py)\n[^]*?^```$/gm;

function samplesOf(page: string): Sample[] {
  const text = textOf(page);
  return [...text.matchAll(SAMPLE)].map((match) => {
    const [all, file = '', region = ''] = match;
    const rest = text.slice(match.index + all.length);
    const [, input = ''] = /^[^#]*?^```text stdin\n([^]*?)^```$/m.exec(rest) ?? [];
    const [before = '', info, output = ''] =
      /^([^]*?)^```(?!text stdin)(.+)\n([^]*?)^```$/m.exec(rest)?.slice(1) ?? [];
    const isNext = !before.includes('\n#');
    const shown = isNext && info?.split(' ')[0] === 'text' ? { info, output } : undefined;
    const line = text.slice(0, match.index).split('\n').length;
    return { page, line, file, region, shown, input };
  });
}

const samples = pages.flatMap(samplesOf);

function programs(): string[] {
  return ['tutorial', 'guides'].flatMap((folder) =>
    readdirSync(join(root, 'examples', folder))
      .filter((name) => /\.(ts|py)$/.test(name))
      .map((name) => `examples/${folder}/${name}`),
  );
}

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly end: number | string | null;
}

async function runProgram(command: string, args: string[], input = ''): Promise<Outcome> {
  const child = spawn(command, args, { cwd: root });
  // There is no such command.
  child.on('error', () => undefined);
  // It reads nothing.
  child.stdin.on('error', () => undefined).end(input);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { out, err, end: signal ?? code };
}

// A process for each program, on a machine that is busy with other tests: a timer of 20 ms may come 50 ms late.
jest.setTimeout(90_000);
jest.retryTimes(2);

// Modules that threads load are no programs.
const isProgram = (file: string): boolean => /^[^.]*\.ts$/.test(file) && !services.test(file);

test.each(programs().filter(isProgram))('%s prints what its page shows', async (file) => {
  const built = join(root, file.replace(/^examples\/(.*)\.ts$/, 'examples/dist/$1.js'));
  if (!existsSync(built))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
  const showing = samples.filter((sample) => sample.file === file && sample.shown);
  expect(showing).not.toEqual([]);
  const { out, err, end } = await runProgram(
    process.execPath,
    ['--trace-warnings', built],
    showing.map(({ input }) => input).join(''),
  );
  for (const { page, line, shown } of showing) {
    const [, by] = / ends by (.*)$/.exec(shown?.info ?? '') ?? [];
    const [of, none] = shown?.info.includes('stderr') ? ['err', 'out'] : ['out', 'err'];
    expect({ page, line, out, err, end }).toEqual({
      ...{ page, line, [of]: shown?.output, [none]: '' },
      end: by === undefined ? 0 : Number(by) || by,
    });
  }
});

test('the programs of asyncio have the same names as those next to them, and print the same', async () => {
  const originals = programs().filter((file) => file.endsWith('.py'));
  expect(originals.length).toBe(9);
  for (const file of originals) {
    const [mine, theirs] = [file.replace(/\.py$/, '.ts'), file].map((each) =>
      samples.findIndex((sample) => sample.file === each),
    );
    expect(samples[mine!]?.page).toBe(samples[theirs!]?.page);
    const python = await python3(file);
    if (python !== undefined) expect(python).toBe(samples[mine!]?.shown?.output);
  }
});

/** What it prints; undefined on a machine without a Python that is new enough. */
async function python3(file: string): Promise<string | undefined> {
  const version = await runProgram('python3', [
    '-c',
    'import sys; sys.exit(sys.version_info < (3, 11))',
  ]);
  if (version.end !== 0) return undefined;
  const { out, err, end } = await runProgram('python3', [file]);
  expect({ file, err, end }).toEqual({ file, err: '', end: 0 });
  return out;
}

test('each region that a page shows is there, once, and each that is there is on a page', () => {
  const there = [...programs(), 'examples/opentelemetry.ts'].flatMap((file) =>
    [...textOf(file).matchAll(/^(?:\/\/ #|# )region ([\w-]+)$/gm)].map(
      ([, region = '']) => `${file}#${region}`,
    ),
  );
  const wanted = samples.map(({ file, region }) => `${file}#${region}`);
  expect([...new Set(wanted)].sort()).toEqual(there.sort());
});

test('what stands outside of the regions of a program is a comment', () => {
  for (const file of programs().filter((each) => !services.test(each))) {
    const rest = textOf(file).replaceAll(
      /^(?:\/\/ #|# )region ([\w-]+)\n[^]*?(?:\/\/ #|# )endregion \1\n/gm,
      '',
    );
    const code = rest.split('\n').filter((line) => line !== '' && !/^(\/\/|#)/.test(line));
    expect({ file, code }).toEqual({ file, code: [] });
  }
});

test('no program on these pages is written by hand', () => {
  const checked = pages.filter((page) => !withLines.test(page));
  const blocks = checked.flatMap((page) =>
    [
      ...textOf(page)
        .replaceAll(SAMPLE, '')
        .matchAll(/^```([^\n]*)\n[^]*?^```$/gm),
    ].map(([, info = '']) => ({ page, info })),
  );
  expect(blocks.length).toBeGreaterThan(10);
  const byHand = blocks.filter(
    ({ info }) => !/^(text( stdin| stderr)?( ends by \w+)?|sh)?$/.test(info),
  );
  expect(byHand).toEqual([]);
});

test.each(['samples', 'figures'])('scripts/%s.mjs would change no page', async (script) => {
  const { out, err, end } = await runProgram(process.execPath, [
    `scripts/${script}.mjs`,
    '--check',
  ]);
  expect({ out, err, end }).toEqual({ out: '', err: '', end: 0 });
});
