import { createFilter } from '../src/filter.mjs';

test.each([
  [{}, '/app/src/a.ts', true],
  [{}, '/app/src/a.vue?vue&type=script', true],
  [{}, '/app/node_modules/other/a.js', false],
  [{}, '/app/src/a.css', false],
  // Linked by a workspace.
  [{}, '/app/packages/core/dist/production/explicit/combinators/retry.js', false],
  [{ include: '**/*.js' }, '/app/packages/sync/dist/explicit/index.js', false],
  [{ include: 'src/**' }, '/app/src/deep/a.js', true],
  [{ include: 'src/*.js' }, '/app/src/deep/a.js', false],
  [{ include: [/a\.js$/g] }, '/app/a.js', true],
  [{ exclude: ['**/*.worker.js'] }, '/app/src/a.worker.js', false],
])('%j takes %s: %s', (options, id, isTaken) => {
  const filter = createFilter(options);
  expect([filter(id), filter(id)]).toEqual([isTaken, isTaken]);
});

test('a pattern that is none is refused with its value', () => {
  expect(() => createFilter({ include: 5 as never })('a.js')).toThrow(
    'a pattern of include or exclude is 5',
  );
});
