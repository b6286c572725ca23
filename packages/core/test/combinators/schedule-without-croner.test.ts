import { schedule } from '@ambit/core';

jest.mock('croner', () => {
  throw new Error('Cannot find package croner');
});

test('without croner a cron expression rejects, and says what to do', async () => {
  await expect(schedule('* * * * *', () => 0)).rejects.toMatchObject({
    message: expect.stringMatching(/package "croner", which cannot be loaded; add it/) as unknown,
    cause: { message: 'Cannot find package croner' },
  });
});
