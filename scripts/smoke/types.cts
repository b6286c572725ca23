import core = require('@ambit/core');
import abort = require('@ambit/core/abort');
import iter = require('@ambit/core/iter');
import lowlevel = require('@ambit/core/lowlevel');
import testing = require('@ambit/core/testing');
import io = require('@ambit/io');
import sync = require('@ambit/sync');

export const sum: Promise<number> = core.taskGroup(async (group) => {
  const child = group.spawn(() => core.sleep(1, { value: 'text' }));
  return (await child).length;
});
// @ts-expect-error: the body's value is a number.
export const text: Promise<string> = core.taskGroup(() => 1);
export { abort, io, iter, lowlevel, sync, testing };
