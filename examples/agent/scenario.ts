// What the model on loopback says when it is asked why the checkout is slow.
import type { Script, Turn } from './model-server.ts';

export const QUESTION = 'Why is the checkout slow since Tuesday?';

/** A whole session: a tool that takes too long, a model that stalls, one that is busy, and an answer in the end. */
export function slowCheckout(page: string): Script {
  return ({ question, turn, attempt }) => {
    if (question === QUESTION) return turn === 0 ? firstTurn(page) : CONCLUSION;
    if (question.startsWith('database')) return database(turn, attempt);
    return { text: 'The bundle has grown by two megabytes and', stallAfter: 6 };
  };
}

function firstTurn(page: string): Turn {
  const ask = (specialist: string) => ({
    name: 'delegate',
    input: { specialist, question: `${specialist}: what changed on Tuesday?` },
  });
  return {
    text: 'I look at the metrics and the profile, and ask two specialists at the same time.',
    calls: [
      { name: 'read_page', input: { url: page } },
      { name: 'shell', input: { command: 'echo profiling; sleep 60 & wait' } },
      ask('database'),
      ask('frontend'),
    ],
  };
}

function database(turn: number, attempt: number): Turn {
  if (turn === 0 && attempt === 1) return { text: '', refusal: { status: 429, retryAfter: 0.2 } };
  if (turn > 0) return { text: 'An index on orders was dropped on Tuesday, at 9:14.' };
  const command = 'echo "orders: sequential scan, 2.1 s"';
  return { text: 'Let me see the slow queries.', calls: [{ name: 'shell', input: { command } }] };
}

const CONCLUSION: Turn = {
  text: 'The index on orders is missing since Tuesday, 9:14: create it again. The profile and the frontend have to be looked at later.',
};
