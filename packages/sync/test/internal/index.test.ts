import * as sync from '@ambit/sync';

test('what the door shows is whole: no export is undefined', () => {
  for (const [name, value] of Object.entries(sync))
    expect([name, typeof value]).toEqual([name, 'function']);
});
