import {
  abortable,
  all,
  delay,
  execute,
  isAbortError,
  race,
  retry,
  throwIfAborted,
} from 'abort-controller-x';

const controller = new AbortController();
const { signal } = controller;

async function say(inner, text, ms = 1) {
  await delay(inner, ms);
  return text;
}

await delay(signal, 1);
throwIfAborted(signal);
console.log(await all(signal, (inner) => [say(inner, 'a', 5), say(inner, 'b')]));
console.log(await race(signal, (inner) => [say(inner, 'slow', 5000), say(inner, 'fast')]));
console.log(await abortable(signal, Promise.resolve('done')));
console.log(
  await execute(controller.signal, (resolve) => {
    const timer = setTimeout(resolve, 1, 'executed');
    return () => clearTimeout(timer);
  }),
);
console.log(await retry(signal, async (_, attempt) => attempt, { baseMs: 1 }));
setTimeout(() => controller.abort(), 2);
try {
  await delay(signal, 5000);
} catch (error) {
  console.log(isAbortError(error));
}
