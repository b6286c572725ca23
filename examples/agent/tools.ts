// The tools of the example. None of them knows about signals, limits or Esc.
import { fetch, runProcess } from '@ambit/io';
import { runAgent } from './agent.ts';
import type { Agent } from './agent.ts';
import type { Tool } from './conversation.ts';

// #region tools
/** Runs a command of the shell, with everything that it starts. */
export const shell: Tool = {
  name: 'shell',
  description: 'Runs a command and returns what it prints.',
  input: { command: 'the command' },
  limit: 800,
  async run({ command }: { command: string }) {
    return (await runProcess('sh', ['-c', command])).stdout.trim();
  },
};

export const readPage: Tool = {
  name: 'read_page',
  description: 'Fetches a page.',
  input: { url: 'its address' },
  async run({ url }: { url: string }) {
    return (await fetch(url)).text();
  },
};

/** Gives a question to another agent, which draws on the same budget. */
export function delegate(parent: Agent): Tool {
  return {
    name: 'delegate',
    description: 'Gives a question to a specialist.',
    input: { specialist: 'a name', question: 'the question' },
    run({ specialist, question }: { specialist: string; question: string }) {
      const budget = parent.budget.child(SHARE * parent.budget.total, { name: specialist });
      const name = `${parent.name} › ${specialist}`;
      return runAgent({ ...parent, name, budget, tools: [shell, readPage] }, question);
    },
  };
}
// #endregion tools

const SHARE = 0.75;
