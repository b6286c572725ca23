// An agent on a model of your own: parallel tools, sub-agents, one budget, and an Esc that leaves nothing behind.
//
//   npm run example -- agent [--sdk openai | anthropic | ai] [--idle 1500]
//
// The model is a fake one on loopback, which may be silent for `--idle` milliseconds. Esc stops the session, prints the transcript as
// far as it got, and says what has not ended. Ctrl-C does the same, and then the process ends by the signal.
import { parseArgs } from 'node:util';
import { moveOnAfter, run, shield, sleep } from '@ambit/core';
import { Budget } from '@ambit/sync';
import { askAiSdk } from './ask-ai-sdk.ts';
import { askAnthropic } from './ask-anthropic.ts';
import { askOpenAi } from './ask-openai.ts';
import { Journal } from './journal.ts';
import { startModel } from './model-server.ts';
import { QUESTION, slowCheckout } from './scenario.ts';
import { budgetLine, Screen, stillRunning, transcript } from './screen.ts';
import { session } from './session.ts';

const SDKS = { openai: askOpenAi, anthropic: askAnthropic, ai: askAiSdk };
const { values } = parseArgs({
  options: {
    sdk: { type: 'string', default: 'openai' },
    idle: { type: 'string', default: '1500' },
  },
});
if (!(values.sdk in SDKS))
  throw new Error(`agent: --sdk ${values.sdk}: give openai, anthropic or ai`);

const model = await startModel((asked) => slowCheckout(`${model.url}/metrics`)(asked), 20);
const screen = new Screen();
const journal = new Journal((entry) => {
  screen.update(entry);
});
const budget = (screen.budget = new Budget(400, { name: 'tokens' }));

try {
  await run(converse);
} finally {
  await model.close();
}

async function modelIsIdle(): Promise<void> {
  while (model.statistics().running > 0) await sleep(10);
}

async function converse(): Promise<void> {
  const esc = new AbortController();
  const ask = SDKS[values.sdk as keyof typeof SDKS](model.url);
  console.log(`? ${QUESTION}    (Esc stops)\n`);
  const release = onEsc(() => {
    esc.abort();
  });
  try {
    const options = { question: QUESTION, ask, esc: esc.signal, budget, journal };
    await session({ ...options, maxTokens: 60, idle: Number(values.idle) });
  } finally {
    release();
    screen.end();
    console.log(
      `\n${transcript(journal)}\n\n${budgetLine(budget).trim()}; ${stillRunning(journal)}`,
    );
    // A server learns of a client that has left a moment later. Ctrl-C has cancelled this scope.
    await shield(() => moveOnAfter(500, modelIsIdle));
    console.log(`${model.statistics().running} requests are running at the model`);
  }
}

/** Calls back when the user presses Esc. Returns a function that ends that. */
function onEsc(callback: () => void): () => void {
  const { stdin } = process;
  const onData = (data: Buffer): void => {
    // In raw mode, Ctrl-C comes as a byte, too.
    if (data.includes(3)) process.kill(process.pid, 'SIGINT');
    if (data.includes(27)) callback();
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
  };
}
