import { run, shield, sleep, taskGroup } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

/** What a program prints to stderr in debug mode, on virtual time. */
async function printedBy(main: () => Promise<unknown>): Promise<string> {
  const printed: string[] = [];
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  try {
    await run(main, { debug: true, loop: new VirtualLoop(), signals: [] });
  } finally {
    spy.mockRestore();
  }
  return printed.join('');
}

/** A group that is cancelled at once, with a task that needs so long for its cleanup. */
function slowToEnd(ms: number): Promise<unknown> {
  return taskGroup(
    (group) => {
      group.spawn(() => shield(() => sleep(ms)), { name: 'stubborn' });
      group.cancel();
    },
    { name: 'jobs' },
  );
}

test('debug mode names the tasks that a group waits for 5 s after its cancellation, and where they began', async () => {
  const printed = await printedBy(() => slowToEnd(6000));
  expect(printed).toContain('the task group "jobs" was cancelled 5 s ago and still waits for');
  expect(printed).toContain('the task "stubborn", spawned');
  expect(printed).toContain('stuck-watch.test.ts');
});

test('says nothing of a group that ends in time', async () => {
  expect(await printedBy(() => slowToEnd(4000))).toBe('');
});
