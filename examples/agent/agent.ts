// The agent: asks the model, runs the tools it calls at the same time, and asks again, until the model calls none.
import { gatherSettled, idleTimeout, retry, sleep, timeout } from '@ambit/core';
import type { IdleClock } from '@ambit/core';
import { withSignal } from '@ambit/core/abort';
import type { Budget } from '@ambit/sync';
import { retryAfterOf } from './conversation.ts';
import type { AskModel, Message, Tool, ToolCall } from './conversation.ts';
import type { Journal } from './journal.ts';

export interface Agent {
  readonly name: string;
  readonly ask: AskModel;
  readonly tools: readonly Tool[];
  /** In tokens; that of a sub-agent is a child of its parent's. */
  readonly budget: Budget;
  readonly journal: Journal;
  /** Milliseconds for which the model may say nothing. */
  readonly idle: number;
  /** Tokens that one answer may have. */
  readonly maxTokens: number;
}

// #region agent
export function runAgent(agent: Agent, question: string): Promise<string> {
  const messages: Message[] = [{ role: 'user', text: question }];
  return idleTimeout(agent.idle, async (idle) => {
    for (;;) {
      const { text, calls } = await askModel(agent, messages, idle);
      messages.push({ role: 'assistant', text, calls });
      if (calls.length === 0) return text;
      using _ = idle.pause(); // the model waits for us now
      messages.push(...(await runTools(agent, calls)));
    }
  });
}

async function runTools(agent: Agent, calls: readonly ToolCall[]): Promise<Message[]> {
  const runs = calls.map((call) => () => runTool(agent, call));
  const outcomes = await gatherSettled(runs, { limit: 4 });
  return calls.map((call, index) => ({ role: 'tool', call, text: resultOf(outcomes[index]) }));
}

function runTool({ name, tools, journal }: Agent, call: ToolCall): Promise<string> {
  return journal.record({ agent: name, tool: call.name }, async () => {
    const tool = tools.find((each) => each.name === call.name);
    if (tool === undefined) throw new Error(`there is no tool ${call.name}`);
    return timeout(tool.limit ?? 10_000, () => tool.run(call.input as never));
  });
}
// #endregion agent

function resultOf(outcome: PromiseSettledResult<string> | undefined): string {
  return outcome?.status === 'fulfilled' ? outcome.value : String(outcome?.reason);
}

interface Reply {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

// #region ask
function askModel(agent: Agent, messages: readonly Message[], idle: IdleClock): Promise<Reply> {
  const attempt = () => askOnce(agent, messages, idle);
  return retry(() => attempt().catch(waitAsTold), { delay: 0, when: isTransient });
}

async function askOnce(
  { ask, name, tools, budget, journal, maxTokens }: Agent,
  messages: readonly Message[],
  idle: IdleClock,
): Promise<Reply> {
  using reservation = await whilePaused(idle, () => budget.reserve(maxTokens));
  return await journal.record({ agent: name }, async (entry) => {
    let tokens = 0;
    const onText = (piece: string): void => {
      idle.touch();
      tokens += 1;
      entry.add(piece);
    };
    try {
      const request = { messages, tools, maxTokens, onText };
      const calls = await withSignal((signal) => ask(request, signal));
      return { text: entry.text, calls };
    } finally {
      // An answer that was cut short is paid as far as it got.
      reservation.settle(tokens);
    }
  });
}
// #endregion ask

async function whilePaused<T>(idle: IdleClock, body: () => Promise<T>): Promise<T> {
  using _ = idle.pause();
  return await body();
}

const isTransient = (error: unknown): boolean => retryAfterOf(error) !== undefined;

async function waitAsTold(error: unknown): Promise<never> {
  await sleep(retryAfterOf(error) ?? 0);
  throw error;
}
