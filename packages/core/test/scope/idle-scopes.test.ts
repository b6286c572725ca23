import { program } from '../support/program.ts';

// Each would live for an hour.
test.each([
  'idleSignal',
  'idleCallback',
  'idleParent',
  'idleMoved',
  'idleBeyondAnyTimer',
  'idleAfterItsGuest',
  'idleAfterWhatItsGuestLeft',
  'idleAfterItsWaits',
])('a scope with a timeout that nobody waits in keeps no process alive: %s', async (scenario) => {
  const { end, lines, stderr } = await program(scenario);
  expect([end, lines, stderr]).toEqual([0, ['resolved: undefined'], '']);
});

test.each(['entered', 'waitedInBelow', 'waitedForBySignal', 'waitedForByScopeOfSignal'])(
  'one that somebody waits in, or for, does: %s',
  async (scenario) => {
    const { end, lines } = await program(scenario);
    expect([end, lines]).toEqual([0, ['resolved: undefined']]);
  },
);
