/**
 * The questions. Each is a small program over the operations of a contender (see README.md), and answers yes or no. `ms` is
 * the unit of time, and `pause` waits outside of every scope.
 */
export const checks = [
  {
    id: 'failure-cancels',
    question: 'A failure cancels the functions beside it',
    needs: 'all',
    async ask({ contender, work, pause, log }) {
      await settle(contender.all([work('a', 1, { fails: true }), work('b', 6)]));
      await pause(8);
      return !log.includes('end b');
    },
  },
  {
    id: 'failure-waits',
    question: '… and waits for their asynchronous cleanup',
    needs: 'all',
    async ask({ contender, work, log }) {
      await settle(contender.all([work('a', 1, { fails: true }), work('b', 6, { cleanup: 2 })]));
      return log.includes('cleaned b') && !log.includes('end b');
    },
  },
  {
    id: 'race-cancels',
    question: 'A race cancels the losers',
    needs: 'race',
    async ask({ contender, work, pause, log }) {
      await settle(contender.race([work('a', 1), work('b', 6)]));
      await pause(8);
      return !log.includes('end b');
    },
  },
  {
    id: 'race-waits',
    question: '… and waits for their asynchronous cleanup',
    needs: 'race',
    async ask({ contender, work, log }) {
      await settle(contender.race([work('a', 1), work('b', 6, { cleanup: 2 })]));
      return log.includes('cleaned b') && !log.includes('end b');
    },
  },
  {
    id: 'timeout-cancels',
    question: 'A time limit cancels the work',
    needs: 'timeout',
    async ask({ contender, work, pause, log }) {
      await settle(contender.timeout(1, work('a', 6)));
      await pause(8);
      return !log.includes('end a');
    },
  },
  {
    id: 'timeout-reaches-deep',
    question: '… also what the work has begun itself',
    needs: 'group',
    async ask({ contender, work, pause, log }) {
      await settle(contender.timeout(1, contender.group([work('a', 6), work('b', 6)])));
      await pause(8);
      return !log.includes('end a') && !log.includes('end b');
    },
  },
  {
    id: 'errors-kept',
    question: 'A second error, thrown by a cleanup, can be read',
    needs: 'all',
    async ask({ contender, work }) {
      const first = work('a', 1, { fails: true });
      const error = await settle(contender.all([first, work('b', 2, { cleanupFails: true })]));
      const messages = contender.errorsOf(error).map(({ message }) => message);
      return messages.includes('a failed') && messages.includes('cleanup of b failed');
    },
  },
  {
    id: 'limit-holds',
    question: 'A list can be worked on a few at a time',
    needs: 'limit',
    async ask({ contender, work, log }) {
      await settle(
        contender.limit(
          2,
          ['a', 'b', 'c', 'd'].map((name) => work(name, 1)),
        ),
      );
      return peak(log) === 2 && log.includes('end d');
    },
  },
  {
    id: 'limit-stops',
    question: '… and a failure cancels those that have begun, and begins no more',
    needs: 'limit',
    async ask({ contender, work, pause, log }) {
      const works = [work('a', 1, { fails: true }), work('b', 6), work('c', 1)];
      await settle(contender.limit(2, works));
      await pause(8);
      return !log.includes('begin c') && !log.includes('end b');
    },
  },
  {
    id: 'shield',
    question: 'Work can be protected from a cancellation around it',
    needs: 'shield',
    async ask({ contender, work, pause, log }) {
      await settle(contender.timeout(1, contender.shield(work('a', 3))));
      await pause(6);
      return log.includes('end a');
    },
  },
  {
    id: 'signal',
    question: 'Calls that take an AbortSignal are aborted',
    needs: 'withSignal',
    async ask({ contender, pause }) {
      let given;
      await settle(contender.withSignal(1, (signal) => (given = signal)));
      await pause(2);
      return given?.aborted === true;
    },
  },
  {
    id: 'plain-functions',
    question: 'An async function with plain `await` is cancelled, and gets no signal to pass on',
    needs: 'plain',
    async ask({ contender, pause, log }) {
      const plain = async (sleep) => {
        await sleep(1);
        await sleep(6);
        log.push('end');
      };
      await settle(contender.plain(2, plain));
      await pause(9);
      return !log.includes('end');
    },
  },
  {
    id: 'foreign-promise',
    question: 'A plain wait for a promise that never settles ends with the time limit',
    needs: 'foreign',
    async ask({ contender, pause }) {
      const waiting = settle(contender.foreign(1, () => new Promise(() => undefined))).then(
        () => true,
      );
      return Promise.race([waiting, pause(8).then(() => false)]);
    },
  },
  {
    id: 'virtual-time',
    question: 'A test can let an hour pass at once',
    needs: 'virtualHour',
    async ask({ contender, pause }) {
      const hour = contender.virtualHour().then(() => true);
      return Promise.race([hour, pause(200).then(() => false)]);
    },
  },
];

async function settle(promise) {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

function peak(log) {
  let now = 0;
  return Math.max(
    ...log.map(
      (line) => (now += Number(line.startsWith('begin')) - Number(line.startsWith('end'))),
    ),
  );
}
