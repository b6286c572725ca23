// ambit-codemods: left, because "retry" is imported, for which there is no rule
import { retry } from 'abort-controller-x';
import { sleep, throwIfCancelled, gather, race } from '@ambit/core';
import { execute, abortable, isAbortError } from '@ambit/core/abort';

const controller = new AbortController();
const { signal } = controller;

async function say(inner, text, ms = 1) {
  await sleep(ms, { signal: inner });
  return text;
}

await sleep(1, { signal });
throwIfCancelled({ signal });
console.log(await gather([(task) => say(task.signal, 'a', 5), (task) => say(task.signal, 'b')], { signal }));
console.log(await race([(task) => say(task.signal, 'slow', 5000), (task) => say(task.signal, 'fast')], { signal }));
console.log(await abortable(Promise.resolve('done'), { signal }));
console.log(
  await execute((resolve) => {
    const timer = setTimeout(resolve, 1, 'executed');
    return () => clearTimeout(timer);
  }, { signal: controller.signal }),
);
console.log(await retry(signal, async (_, attempt) => attempt, { baseMs: 1 }));
setTimeout(() => controller.abort(), 2);
try {
  await sleep(5000, { signal });
} catch (error) {
  console.log(isAbortError(error));
}
