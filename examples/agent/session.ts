import { CancelScope } from '@ambit/core';
import { Budget } from '@ambit/sync';
import { runAgent } from './agent.ts';
import type { Agent } from './agent.ts';
import type { AskModel } from './conversation.ts';
import { Journal } from './journal.ts';
import { delegate, readPage, shell } from './tools.ts';

export interface SessionOptions {
  readonly question: string;
  readonly ask: AskModel;
  /** Aborting it is Esc. */
  readonly esc: AbortSignal;
  /** In tokens, for the agent and all its sub-agents. */
  readonly budget: Budget;
  readonly maxTokens: number;
  readonly journal: Journal;
  /** Milliseconds for which a model may say nothing. */
  readonly idle: number;
}

/**
 * Answers one question; undefined after Esc. Ends once all that was begun for it has ended. What has not ended a second after Esc
 * is named by a StragglersError.
 */
export async function session(options: SessionOptions): Promise<string | undefined> {
  const scope = new CancelScope({ name: 'session', signal: options.esc, grace: 1000 });
  const tools = [shell, readPage];
  const lead: Agent = { name: 'lead', tools, ...options };
  return scope.run(() =>
    runAgent({ ...lead, tools: [...tools, delegate(lead)] }, options.question),
  );
}

/** A session's budget and journal, as most programs want them. */
export function sessionState(total: number): { budget: Budget; journal: Journal } {
  return { budget: new Budget(total, { name: 'tokens' }), journal: new Journal() };
}
