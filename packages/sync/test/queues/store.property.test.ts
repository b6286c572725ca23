import fc from 'fast-check';
import { Heap } from '../../src/queues/heap.ts';
import { Ring } from '../../src/queues/ring.ts';
import type { Store } from '../../src/queues/store.ts';

type Move = { readonly put: number } | 'take' | 'clear';

const moves = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ put: fc.nat(9) }) },
    { weight: 8, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  { maxLength: 200, size: 'max' },
);

interface Item {
  readonly rank: number;
  readonly order: number;
}

/** Plays the moves on a store and on a plain array that `next` picks from. */
function compare(store: Store<Item>, next: (model: Item[]) => Item, all: readonly Move[]): void {
  const model: Item[] = [];
  for (const [order, move] of all.entries()) {
    if (move === 'clear') {
      store.clear();
      model.length = 0;
    } else if (move !== 'take') {
      store.push({ rank: move.put, order });
      model.push({ rank: move.put, order });
    } else if (model.length > 0) {
      const expected = next(model);
      model.splice(model.indexOf(expected), 1);
      expect(store.take()).toEqual(expected);
    }
    expect(store.size).toBe(model.length);
  }
}

test('a ring gives out what came in first, however it grows, wraps and is cleared', () => {
  fc.assert(fc.property(moves, (all) => compare(new Ring<Item>(), (model) => model[0]!, all)));
});

test('a heap gives out the least, and among equals what came in first', () => {
  // rule 200
  const byRank = (a: Item, b: Item): number => a.rank - b.rank;
  fc.assert(
    fc.property(moves, (all) =>
      compare(new Heap<Item>(byRank), (model) => model.toSorted(byRank)[0]!, all),
    ),
  );
});

test('a comparison that throws at any moment leaves a heap as it was', () => {
  fc.assert(
    fc.property(moves, fc.nat(400), (all, when) => {
      let calls = 0;
      const heap = new Heap<number>((a, b) => {
        calls += 1;
        if (calls === when) throw new Error('now');
        return a - b;
      });
      const model: number[] = [];
      for (const move of all) {
        try {
          if (typeof move === 'object') {
            heap.push(move.put);
            model.push(move.put);
          } else if (model.length > 0) {
            const item = heap.take();
            expect(item).toBe(Math.min(...model));
            model.splice(model.indexOf(item), 1);
          }
        } catch (error) {
          expect(error).toEqual(new Error('now'));
        }
        expect(heap.size).toBe(model.length);
      }
    }),
  );
});

test('a ring that was large gives its memory back when it is empty', () => {
  const ring = new Ring<number>();
  for (let round = 0; round < 3; round += 1) {
    for (let item = 0; item < 5000; item += 1) ring.push(item);
    for (let item = 0; item < 5000; item += 1) expect(ring.take()).toBe(item);
    expect(ring.size).toBe(0);
  }
});
