/** What every program must do: each answers yes or no after having typed, waited and looked. */
export const required = [
  {
    question: 'Typing quickly sends one request',
    async ask({ type, requests, pause, until }) {
      for (const text of ['a', 'am', 'amb']) {
        type(text);
        await pause(3);
      }
      await until(() => requests.length > 0);
      await pause(60);
      return same(requests, ['amb']);
    },
  },
  {
    question: 'The newest query wins, also if an older one is answered later',
    async ask({ type, requests, shown, pause, until }) {
      type('late');
      await until(() => requests.includes('late'));
      type('new');
      await until(() => shown.length > 0);
      await pause(550);
      return shown.every(({ results }) => same(results, ['new']));
    },
  },
  {
    question: '… and the server sees that the older request is aborted',
    async ask({ type, requests, aborted, until }) {
      type('late');
      await until(() => requests.includes('late'));
      type('new');
      await until(() => aborted.length > 0);
      return same(aborted, ['late']);
    },
  },
  {
    question: 'A request that fails is sent again',
    async ask({ type, requests, shown, until }) {
      type('flaky');
      await until(() => shown.length > 0);
      return same(requests, ['flaky', 'flaky']) && same(shown[0]?.results, ['flaky']);
    },
  },
  {
    question: 'After three failures the error is shown, and the next query works',
    async ask({ type, requests, shown, until }) {
      type('broken');
      await until(() => shown.length > 0);
      const isShown = shown[0]?.error?.message === 'status 503' && requests.length === 3;
      type('new');
      await until(() => shown.at(-1)?.results !== undefined);
      return isShown && same(shown.at(-1)?.results, ['new']);
    },
  },
  {
    question: 'A newer query ends the attempts of the older one, whose error is not shown',
    async ask({ type, requests, shown, pause, until }) {
      type('broken');
      await until(() => requests.length === 1);
      type('new');
      await until(() => shown.some(({ results }) => results !== undefined));
      await pause(150);
      return shown.every(({ error }) => error === undefined) && requests.at(-1) === 'new';
    },
  },
  {
    question: 'Leaving the page aborts the request at the server',
    async ask({ type, requests, aborted, leave, until }) {
      type('late');
      await until(() => requests.length > 0);
      void leave();
      await until(() => aborted.length > 0);
      return same(aborted, ['late']);
    },
  },
  {
    question:
      'No request is sent after leaving: not by the query before, nor by an attempt that is due',
    async ask({ type, requests, shown, leave, pause, until }) {
      type('broken');
      await until(() => requests.length === 1);
      type('new');
      void leave();
      type('newer');
      await pause(150);
      return requests.length === 1 && shown.length === 0;
    },
  },
];

/** What some do in addition. */
export const further = [
  {
    question: 'Leaving can be awaited, until the cleanup of the request has ended',
    async ask({ type, requests, cleaned, leave, until }) {
      type('late');
      await until(() => requests.length > 0);
      await leave();
      return same(cleaned, ['late']);
    },
  },
  {
    question: 'A query that was answered before sends no request',
    async ask({ type, requests, shown, until }) {
      for (const [at, text] of ['a', 'b', 'a'].entries()) {
        type(text);
        await until(() => shown[at] !== undefined || requests.length > at);
        await until(() => shown.length > at);
      }
      return same(requests, ['a', 'b']);
    },
  },
];

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
