import * as lowlevel from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { BusyResourceError, guard } from '@ambit/sync';

test('a second use while one is under way is an error at once, and says who does what', () =>
  testRun(async (group) => {
    const reading = guard('reading from this stream');
    const use = reading.enter();
    expect(() => reading.enter()).toThrow(BusyResourceError);
    expect(reading.statistics()).toMatchObject({ busy: true, owner: 'main', waiting: 0 });
    await group.spawn(() => {
      expect(() => reading.enter()).toThrow(
        'the task "main" is already reading from this stream; let one end before the next begins',
      );
    });
    use[Symbol.dispose]();
    const second = reading.enter();
    use[Symbol.dispose]();
    expect(() => reading.enter()).toThrow(BusyResourceError);
    second[Symbol.dispose]();
    expect(reading.statistics()).toMatchObject({ busy: false, owner: undefined, waiting: 0 });
  }));

test('works outside of run()', () => {
  const writing = guard('writing');
  {
    using use = writing.enter();
    expect(use).toBeDefined();
    expect(() => writing.enter()).toThrow('another caller is already writing');
  }
  writing.enter()[Symbol.dispose]();
});

test('its error is the one that streams and sockets throw', () => {
  expect(BusyResourceError).toBe(lowlevel.BusyResourceError);
});
