import { ParkingLot } from '@ambit/core/lowlevel';
import { Waits } from '../../src/internal/waits.ts';

const waker = () => ({ wake: jest.fn(() => true), fail: jest.fn(() => true) });

test('ends those that wait, and has forgotten those that were woken, failed or taken back', () => {
  const line = new ParkingLot<number>();
  const waits = new Waits<number>();
  const all = Array.from({ length: 5 }, waker);
  const undos = all.map((one) =>
    waits.add(one, (wait) => {
      const place = line.enlist(wait);
      return () => place.leave();
    }),
  );
  line.unpark(1, 1);
  line.head?.fail(new Error('no'));
  undos[2]?.();
  expect(line.size).toBe(2);

  const ended: unknown[] = [];
  const end = (): void => {
    waits.end((wait) => {
      ended.push(wait);
      wait.wake(9);
    });
  };
  end();
  end();
  expect(ended).toHaveLength(2);
  expect(line.size).toBe(0);
  expect(all.map(({ wake, fail }) => [wake.mock.calls, fail.mock.calls.length])).toEqual([
    [[[1]], 0],
    [[], 1],
    [[], 0],
    [[[9]], 0],
    [[[9]], 0],
  ]);
});
