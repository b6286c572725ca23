import { run, sleep, sleepForever } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

test('in debug mode a turn that takes too long is reported, with the name of its task', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const busy = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  await run(
    async (group) => {
      group.spawn(
        async () => {
          await sleep(1);
          busy(30);
        },
        { name: 'cruncher' },
      );
      await sleep(1);
      busy(2);
    },
    { debug: true, slowTurn: 20, signals: [] },
  );
  const warnings = warn.mock.calls.map((call) =>
    (call as string[]).slice(0, 2).reverse().join(': '),
  );
  warn.mockRestore();
  // A busy machine may hold up others as well.
  const [first] = warnings.filter((warning) => warning.includes('cruncher'));
  expect(first).toMatch(
    /^SlowTurnWarning: the task "cruncher" held the event loop for \d\d+ ms; put/,
  );
});

test('in debug mode an error tells where its task was spawned', async () => {
  const outcome = await run(
    async function mainOfTheProgram(group) {
      group.spawn(
        async () => {
          await sleep(1);
          throw new Error('refused');
        },
        { name: 'worker' },
      );
      await sleepForever();
    },
    { debug: true, loop: new VirtualLoop(), signals: [] },
  ).catch((error: unknown) => error);
  const { stack = '' } = outcome as Error;
  expect(stack).toMatch('-- the task "worker" was spawned here --');
  expect(stack.slice(stack.indexOf('spawned here'))).toMatch('mainOfTheProgram');
});
