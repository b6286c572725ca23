'use strict';

/** A first use of `@ambit/core`, however it was loaded: children, their values, the ambient scope across an await. */
exports.exercise = async ({ currentScope, sleep, taskGroup }) => {
  const outside = currentScope();
  const sum = await taskGroup(async (group) => {
    const work = (value) => async (task) => {
      await sleep(1);
      // True only where `#context` has chosen AsyncLocalStorage.
      if (currentScope() !== task.scope || task.scope === outside) {
        throw new Error('the ambient scope was lost at an await');
      }
      return value;
    };
    const children = [group.spawn(work(40)), group.spawn(work(2))];
    return (await children[0]) + (await children[1]);
  });
  if (sum !== 42) throw new Error(`expected 42, got ${sum}`);
};
