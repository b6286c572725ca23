// The agent of ../agent once more, with promises and signals alone: code as it passes reviews. Each number marks a mistake that
// agents are reported for; counts.ts counts what they cost.
import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { retryAfterOf } from '../agent/conversation.ts';
import type { AskModel, Message, ToolCall, ToolDescription } from '../agent/conversation.ts';

const execute = promisify(exec);

export interface Session {
  readonly ask: AskModel;
  readonly esc: AbortSignal;
  readonly maxTokens: number;
  readonly budget: { readonly total: number; spent: number };
  /** The answers that are whole. */
  readonly answers: string[];
}

interface HandTool extends ToolDescription {
  readonly limit?: number;
  run(input: never, signal: AbortSignal): Promise<string>;
}

export async function runAgent(session: Session, tools: HandTool[], question: string) {
  const messages: Message[] = [{ role: 'user', text: question }];
  for (;;) {
    const { text, calls } = await askModel(session, tools, messages);
    messages.push({ role: 'assistant', text, calls });
    if (calls.length === 0) return text;
    const results = await Promise.all(
      calls.map(async (call): Promise<Message> => {
        return { role: 'tool', call, text: await runTool(session, tools, call) };
      }),
    );
    messages.push(...results);
  }
}

async function askModel(session: Session, tools: HandTool[], messages: Message[]) {
  const { ask, esc, budget, maxTokens, answers } = session;
  // 1. The budget is looked at before and charged afterwards: agents that run at the same time all find it full.
  if (budget.spent >= budget.total) throw new Error('the budget is spent');
  let text = '';
  const onText = (piece: string): void => {
    text += piece;
    budget.spent += 1;
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const calls = await ask({ messages, tools, maxTokens, onText }, esc);
      // 2. Kept when it is whole: the half of an answer that was paid for is lost.
      answers.push(text);
      return { text, calls };
    } catch (error) {
      const wait = retryAfterOf(error);
      if (wait === undefined || attempt === 3) throw error;
      // 3. Esc does not end the wait.
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function runTool({ esc }: Session, tools: HandTool[], call: ToolCall): Promise<string> {
  const tool = tools.find(({ name }) => name === call.name);
  if (tool === undefined) return `there is no tool ${call.name}`;
  const stopped = new Promise<never>((_, reject) => {
    // 4. Never removed from a signal that lives as long as the session.
    esc.addEventListener('abort', () => {
      reject(new Error('stopped'));
    });
  });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => {
      reject(new Error('took too long'));
    }, tool.limit ?? 10_000).unref();
  });
  try {
    // 5. The loser of the race runs on.
    return await Promise.race([tool.run(call.input as never, esc), stopped, late]);
  } catch (error) {
    if (esc.aborted) throw error;
    return String(error);
  }
}

export const shell: HandTool = {
  name: 'shell',
  description: 'Runs a command and returns what it prints.',
  input: { command: 'the command' },
  limit: 800,
  async run({ command }: { command: string }, signal: AbortSignal) {
    // 6. The signal ends the shell, and not what the shell has started.
    return (await execute(command, { signal })).stdout.trim();
  },
};

export const readPage: HandTool = {
  name: 'read_page',
  description: 'Fetches a page.',
  input: { url: 'its address' },
  async run({ url }: { url: string }, signal: AbortSignal) {
    return (await fetch(url, { signal })).text();
  },
};

export function delegate(session: Session): HandTool {
  return {
    name: 'delegate',
    description: 'Gives a question to a specialist.',
    input: { specialist: 'a name', question: 'the question' },
    run({ question }: { question: string }) {
      // 7. Has a signal and does not hand it on: the sub-agent has one of its own, for its own timeout.
      const esc = AbortSignal.timeout(60_000);
      return runAgent({ ...session, esc }, [shell, readPage], question);
    },
  };
}
