import { spawn, spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run, sleep, StragglersError } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { Budget } from '@ambit/sync';
import { runAgent } from '../agent/agent.ts';
import type { Agent } from '../agent/agent.ts';
import type { AskModel, Tool, ToolCall } from '../agent/conversation.ts';
import { countWords } from '../agent/count-words.ts';
import { Journal } from '../agent/journal.ts';
import { Screen } from '../agent/screen.ts';
import { session, sessionState } from '../agent/session.ts';
import { delegate } from '../agent/tools.ts';

const root = resolve(__dirname, '../..');
const dist = join(root, 'examples/dist');

jest.setTimeout(120_000);

beforeAll(() => {
  if (!existsSync(join(dist, 'agent/main.js')))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly end: number | NodeJS.Signals | null;
}

/** Runs the program; `whenSaid`: what to do once it has printed something. */
function runProgram(
  args: string[],
  whenSaid?: readonly [string, (child: ReturnType<typeof spawn>) => void],
): Promise<Outcome> {
  // On a machine that is busy, a model that is not silent may seem so.
  const program = [join(dist, 'agent/main.js'), '--idle', '6000', ...args];
  const child = spawn(process.execPath, program, { stdio: 'pipe' });
  let [out, err, isSaid] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (isSaid || whenSaid === undefined || !out.includes(whenSaid[0])) return;
    isSaid = true;
    whenSaid[1](child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      done({ out, err, end: code ?? signal });
    });
  });
}

describe('the program', () => {
  test.each(['openai', 'anthropic', 'ai'])('answers by the SDK of %s', async (sdk) => {
    const { out, err, end } = await runProgram(['--sdk', sdk]);
    expect({ err, end }).toEqual({ err: '', end: 0 });
    expect(out).toMatch(/✓ lead: read_page .* checkout: 2\.9 s/);
    expect(out).toMatch(/✗ lead: shell .* TimeoutError/);
    expect(out).toMatch(/✗ lead › database: the model .*(?:too many requests|429)/);
    // The half of an answer is kept, and that of another agent is not touched by it.
    expect(out).toContain('[lead › frontend] The bundle has grown by two … (cut short)');
    expect(out).toContain('[lead] The index on orders is missing since Tuesday');
    expect(out).toContain('61 of 400 tokens spent; everything has ended');
    expect(out).toContain('0 requests are running at the model');
  });

  const stopped = (out: string): void => {
    expect(out).toMatch(/■ lead: shell .* stopped/);
    expect(out).toMatch(/■ lead › frontend: the model .* stopped/);
    expect(out).toContain('everything has ended');
    expect(out).toContain('0 requests are running at the model');
  };

  test('Esc ends everything, and the transcript is printed as far as it got', async () => {
    const { out, err, end } = await runProgram(
      [],
      ['… lead › frontend', ({ stdin }) => stdin?.write('\x1b')],
    );
    expect({ err, end }).toEqual({ err: '', end: 0 });
    stopped(out);
  });

  test('Ctrl-C does so too, and ends the program', async () => {
    const { out, err, end } = await runProgram(
      [],
      ['… lead › frontend', (child) => child.kill('SIGINT')],
    );
    expect({ err, end }).toEqual({ err: '', end: 'SIGINT' });
    stopped(out);
  });
});

describe('the screen', () => {
  const terminal = (columns: number) => {
    const written: string[] = [];
    const write = (text: string): boolean => written.push(text) > 0;
    return { written, screen: new Screen({ isTTY: true, columns, write }) };
  };

  test('what is due is drawn before the program goes on, and nothing after it', async () => {
    const { written, screen } = terminal(80);
    const journal = new Journal((entry) => {
      screen.update(entry);
    });
    await run(async () => {
      await journal.record({ agent: 'lead' }, () => Promise.resolve());
      screen.end();
      written.push('the transcript');
      await sleep(1);
    });
    expect(written.map((text) => text.trim())).toEqual([
      expect.stringMatching(/^✓ lead: the model +0\.0 s$/),
      'the transcript',
    ]);
  });

  test('a line is cut to the width of the terminal, which would wrap it', async () => {
    const { written, screen } = terminal(20);
    const journal = new Journal((entry) => {
      screen.update(entry);
    });
    await run(() => journal.record({ agent: 'lead', tool: 'x' }, () => Promise.resolve('y')));
    screen.end();
    expect(written.map((text) => text.trimEnd())).toEqual(['✓ lead: x']);
  });
});

test('a tool of your own counts words, and is cut by its limit', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ambit-words-'));
  writeFileSync(join(directory, 'a.txt'), ' one two\nthree ');
  writeFileSync(join(directory, 'b.txt'), '');
  const results = async (tool: Tool, of: string): Promise<string[]> => {
    const calls = [call('count_words', { directory: of })];
    const said: string[] = [];
    const ask: AskModel = ({ messages }) => {
      const last = messages.at(-1);
      if (last?.role === 'tool') said.push(last.text);
      return Promise.resolve(last?.role === 'tool' ? [] : calls);
    };
    await run(() => runAgent(agentOf(ask, { tools: [tool] }), 'q'));
    return said;
  };
  try {
    expect(await results(countWords, directory)).toEqual(['3 words']);
    expect(await results(countWords, join(directory, 'none'))).toEqual([
      expect.stringContaining('ENOENT'),
    ]);
    expect(await results({ ...countWords, limit: 1 }, join(root, 'docs'))).toEqual([
      expect.stringContaining('TimeoutError'),
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('the counts', () => {
  test('are those of the guide', () => {
    if (process.platform !== 'linux') return;
    const args = ['--no-warnings', join(dist, 'agent-by-hand/counts.js')];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const [, shown = ''] =
      /<!-- counts -->\n\n((?:\|.*\n)+)/.exec(
        readFileSync(join(root, 'docs/guides/agents.md'), 'utf8'),
      ) ?? [];
    const rowsOf = (table: string): string[][] =>
      table
        .trim()
        .split('\n')
        .map((row) => row.split('|').map((cell) => cell.trim()));
    const [, , ...page] = rowsOf(shown);
    const [, , ...counted] = rowsOf(stdout);
    expect(counted).toEqual(page);
  });
});

/** A model that answers from a list, a piece each 10 ms; null: it says nothing more. */
function scripted(turns: Record<string, (Answer | null)[]>): AskModel {
  return async ({ messages, maxTokens, onText }) => {
    const [first] = messages;
    const question = first?.role === 'user' ? first.text : '';
    const answer = turns[question]?.[messages.filter(({ role }) => role === 'assistant').length];
    for (const word of (answer?.text ?? '').split(' ').slice(0, maxTokens)) {
      await sleep(10);
      onText(`${word} `);
    }
    if (answer === null) await sleep(1e6);
    return answer?.calls ?? [];
  };
}

interface Answer {
  readonly text: string;
  readonly calls?: readonly ToolCall[];
}

const call = (name: string, input: object = {}): ToolCall => ({ id: name, name, input });
const toolOf = (name: string, body: () => Promise<string>, limit?: number): Tool => {
  const description = name;
  return { name, description, input: {}, ...(limit !== undefined && { limit }), run: body };
};

function agentOf(ask: AskModel, options: Partial<Agent> = {}): Agent {
  const { budget, journal } = sessionState(1000);
  return { name: 'lead', ask, tools: [], budget, journal, idle: 100, maxTokens: 50, ...options };
}

const virtual = <T>(body: () => Promise<T>): Promise<T> => run(body, { loop: new VirtualLoop() });

describe('the agent, on virtual time', () => {
  test('the silence of a model is cut, and that of a tool is not', async () => {
    const slow = toolOf('slow', () => sleep(5000, { value: 'late' }));
    const ask = scripted({
      q: [{ text: 'a', calls: [call('slow')] }, { text: 'b' }],
      silent: [null],
    });
    await virtual(async () => {
      expect(await runAgent(agentOf(ask, { tools: [slow] }), 'q')).toBe('b ');
      await expect(runAgent(agentOf(ask), 'silent')).rejects.toMatchObject({
        name: 'TimeoutError',
      });
    });
  });

  test('a tool that fails, is late or is not there is a result; the others go on', async () => {
    const tools = [
      toolOf('good', () => sleep(50, { value: 'fine' })),
      toolOf('bad', () => Promise.reject(new Error('broken'))),
      toolOf('late', () => sleep(1e6, { value: '' }), 20),
    ];
    const calls = ['good', 'bad', 'late', 'missing'].map((name) => call(name));
    const said: string[] = [];
    const ask: AskModel = (request, signal) => {
      said.push(
        ...request.messages.flatMap((message) => (message.role === 'tool' ? [message.text] : [])),
      );
      return scripted({ q: [{ text: 'a', calls }, { text: 'b' }] })(request, signal);
    };
    await virtual(() => runAgent(agentOf(ask, { tools }), 'q'));
    expect(said).toEqual([
      'fine',
      'Error: broken',
      expect.stringContaining('TimeoutError'),
      'Error: there is no tool missing',
    ]);
  });

  test('a tree of agents never spends more than its budget, and what is cut short is paid', async () => {
    const spending = (total: number) => async () => {
      const questions = ['one', 'two', 'three', 'four'];
      const calls = questions.map((question) =>
        call('delegate', { specialist: question, question }),
      );
      const answers = questions.map((question) => [question, [{ text: 'w '.repeat(99) }]] as const);
      const ask = scripted({
        ...Object.fromEntries(answers),
        q: [{ text: 'a', calls }, { text: 'b' }],
      });
      const budget = new Budget(total);
      const agent = agentOf(ask, { budget, idle: 1e6 });
      await runAgent({ ...agent, tools: [delegate(agent)] }, 'q').catch(() => undefined);
      expect(budget.reserved).toBe(0);
      return budget.spent;
    };
    for (const total of [0, 49, 50, 51, 120, 160, 1000]) {
      expect(await virtual(spending(total))).toBeLessThanOrEqual(total);
    }
    expect(await virtual(spending(1000))).toBe(202);
  });

  test('a refusal is waited for as the server says', async () => {
    let asked = 0;
    const ask: AskModel = ({ onText }) => {
      asked += 1;
      if (asked < 3) {
        const headers = new Headers({ 'retry-after': '7' });
        return Promise.reject(Object.assign(new Error('busy'), { status: 429, headers }));
      }
      onText('yes');
      return Promise.resolve([]);
    };
    const loop = new VirtualLoop();
    await run(() => runAgent(agentOf(ask, { idle: 60_000 }), 'q'), { loop });
    expect([asked, loop.now()]).toEqual([3, 14_000]);
  });

  test.each([1, 5, 15, 25, 60, 500])(
    'Esc after %i ms leaves no listener, and no entry that runs',
    async (ms) => {
      const journal = new Journal();
      const calls = [call('delegate', { specialist: 'one', question: 'one' })];
      const ask = scripted({ q: [{ text: 'a b', calls }], one: [null] });
      const esc = new AbortController();
      await virtual(async () => {
        const at = sleep(ms).then(() => {
          esc.abort();
        });
        const rest = { budget: new Budget(500), journal, maxTokens: 50, idle: 1e6 };
        expect(await session({ question: 'q', ask, esc: esc.signal, ...rest })).toBeUndefined();
        await at;
      });
      expect(journal.entries.filter(({ state }) => state === 'running')).toEqual([]);
      expect(getEventListeners(esc.signal, 'abort')).toEqual([]);
    },
  );

  test('a tool that cannot be cancelled is named a second after Esc', async () => {
    const journal = new Journal();
    let finish: () => void = () => undefined;
    // A promise from elsewhere.
    const ask: AskModel = () => new Promise((resolve) => (finish = () => resolve([])));
    const esc = new AbortController();
    await virtual(async () => {
      const rest = { budget: new Budget(500), journal, maxTokens: 50, idle: 1e6 };
      const ended = session({ question: 'q', ask, esc: esc.signal, ...rest });
      await sleep(10);
      esc.abort();
      await expect(ended).rejects.toBeInstanceOf(StragglersError);
      expect(journal.entries.map(({ state }) => state)).toEqual(['running']);
      finish();
    });
  });
});
