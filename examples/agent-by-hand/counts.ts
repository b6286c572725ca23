// Counts what a session leaves behind, by hand and with Ambit: the same model, the same tools, the same SDK.
//
//   npm run example -- agent-by-hand/counts
//
// Prints a table in Markdown. The processes are counted in /proc, so it needs Linux.
import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '@ambit/core';
import { BudgetExceededError } from '@ambit/sync';
import { askOpenAi } from '../agent/ask-openai.ts';
import { startModel } from '../agent/model-server.ts';
import type { Model, Script } from '../agent/model-server.ts';
import { session, sessionState } from '../agent/session.ts';
import { delegate, readPage, runAgent, shell } from './agent.ts';
import type { Session } from './agent.ts';

interface Count {
  /** Requests still running at the model half a second after the session has ended. */
  readonly requests: number;
  /** Processes that its tools have started and that are still there. */
  readonly processes: number;
  /** Listeners left on the signal for Esc. */
  readonly listeners: number;
  /** Tokens that were spent beyond the budget. */
  readonly over: number;
  /** Answers that were cut short, and of which the session has kept what was said. */
  readonly partial: number;
}

interface Trial {
  readonly model: Model;
  readonly esc: AbortController;
  readonly total: number;
  readonly maxTokens: number;
}

type Contender = (trial: Trial) => Promise<Pick<Count, 'partial'>>;

async function withAmbit({ model, esc, total, maxTokens }: Trial) {
  const { budget, journal } = sessionState(total);
  const options = { ask: askOpenAi(model.url), esc: esc.signal, budget, journal, maxTokens };
  const body = () => session({ ...options, question: 'lead', idle: 5000 });
  await run(body).catch((error: unknown) => {
    if (!(error instanceof BudgetExceededError)) throw error;
  });
  return { partial: journal.partialAnswers.length };
}

async function byHand({ model, esc, total, maxTokens }: Trial) {
  const answers: string[] = [];
  const budget = { total, spent: 0 };
  const ask = askOpenAi(model.url);
  const state: Session = { ask, esc: esc.signal, maxTokens, budget, answers };
  await runAgent(state, [shell, readPage, delegate(state)], 'lead').catch(() => undefined);
  return { partial: answers.filter((text) => !WHOLE.has(text.trim())).length };
}

const LONG = 'word '.repeat(4000).trim();
const SHORT = 'word '.repeat(40).trim();
const WHOLE = new Set([LONG, SHORT, 'Four things at the same time.', 'Done.']);
const DONE = { text: 'Done.' };
/** Unlike any other on this machine, so that it can be found. */
const SLEEP = `sleep 97.${process.pid}`;

const ask = (specialist: string) => ({
  name: 'delegate',
  input: { specialist, question: specialist },
});
const commands = (n: number) =>
  Array.from({ length: n }, () => ({ name: 'shell', input: { command: `${SLEEP} & wait` } }));

/** Two sub-agents at work, a page that does not come, a process that goes on: then Esc. */
const stopped: Script = ({ question, turn }) => {
  if (question !== 'lead') return { text: LONG };
  if (turn > 0) return DONE;
  const page = { name: 'read_page', input: { url: `${current?.url ?? ''}/never` } };
  const calls = [ask('one'), ask('two'), page, ...commands(1)];
  return { text: 'Four things at the same time.', calls };
};

/** Four sub-agents share a budget that is enough for one and a half. */
const dear: Script = ({ question, turn }) => {
  if (question !== 'lead') return { text: SHORT };
  if (turn > 0) return DONE;
  const calls = ['one', 'two', 'three', 'four'].map(ask);
  return { text: 'Four things at the same time.', calls };
};

/** Twelve turns with a tool each, the last of which takes too long. */
const many: Script = ({ turn }) => {
  if (turn < 12) return { ...DONE, calls: [{ name: 'shell', input: { command: 'true' } }] };
  return turn === 12 ? { ...DONE, calls: commands(1) } : DONE;
};

let current: Model | undefined;

async function count(
  contender: Contender,
  script: Script,
  options: Partial<Trial> = {},
): Promise<Count> {
  const model = (current = await startModel(script, 4));
  const esc = new AbortController();
  const trial = { model, esc, total: 100_000, maxTokens: 10_000, ...options };
  const isDone = contender(trial);
  if (script === stopped) {
    while (!isAtWork(model)) await pause(5);
    await pause(100); // Each answer is longer than a word then.
    esc.abort();
  }
  const { partial } = await isDone;
  await pause(500);
  const { running: requests, tokens } = model.statistics();
  const left = processes();
  const listeners = getEventListeners(esc.signal, 'abort').length;
  await model.close();
  for (const pid of left) process.kill(pid, 'SIGKILL');
  const over = Math.max(tokens - trial.total, 0);
  return { requests, processes: left.length, listeners, over, partial };
}

function isAtWork(model: Model): boolean {
  const { running, speaking } = model.statistics();
  return running === 3 && speaking === 2 && processes().length === 2;
}

/** The processes that the tools have started: shells and what they run. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes(SLEEP))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

const dearly = { total: 60, maxTokens: 40 };
const rows: string[][] = [];
const results = [];
for (const contender of [byHand, withAmbit]) {
  const cut = await count(contender, stopped);
  const over = await count(contender, dear, dearly);
  const long = await count(contender, many);
  results.push({ cut, over, long });
}
const [hand, ambit] = results as [(typeof results)[0], (typeof results)[0]];
const row = (what: string, pick: (result: typeof hand) => number): void => {
  rows.push([what, String(pick(hand)), String(pick(ambit))]);
};
row('requests still running at the model after Esc', ({ cut }) => cut.requests);
row('processes still running after Esc', ({ cut }) => cut.processes);
row('of 2 answers that Esc cut short, kept as far as they got', ({ cut }) => cut.partial);
row('processes left by a tool that took too long', ({ long }) => long.processes);
row('listeners left on the signal after 13 calls of tools', ({ long }) => long.listeners);
row('tokens spent above a budget of 60', ({ over }) => over.over);

const table = [['', 'by hand', 'with Ambit'], ['---', '---:', '---:'], ...rows];
console.log(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
