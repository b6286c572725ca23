import { further, required } from './questions.mjs';
import { openSession } from './session.mjs';

/** By question, whether the answer is yes. */
export async function answersOf(typeAhead) {
  const asked = [...required, ...further].map(async ({ question, ask }) => {
    const session = await openSession(typeAhead);
    try {
      return [question, await ask(session)];
    } finally {
      await session.leave();
      session.close();
    }
  });
  return Object.fromEntries(await Promise.all(asked));
}
