import { sleep, taskGroup } from '@ambit/core';
import * as abort from '@ambit/core/abort';
import * as iter from '@ambit/core/iter';
import * as lowlevel from '@ambit/core/lowlevel';
import * as testing from '@ambit/core/testing';

export const sum: Promise<number> = taskGroup(async (group) => {
  const child = group.spawn(() => sleep(1, { value: 'text' }));
  return (await child).length;
});
// @ts-expect-error: the body's value is a number.
export const text: Promise<string> = taskGroup(() => 1);
export { abort, iter, lowlevel, testing };
