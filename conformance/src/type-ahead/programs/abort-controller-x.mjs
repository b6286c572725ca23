import { delay, isAbortError, retry, run } from 'abort-controller-x';

export function typeAhead({ input, search, show }) {
  const find = (query) => async (signal) => {
    try {
      await delay(signal, 30);
      const attempt = (signal) => search(query, signal);
      show({ results: await retry(signal, attempt, { baseMs: 20, maxAttempts: 2 }) });
    } catch (error) {
      if (isAbortError(error)) throw error;
      show({ error });
    }
  };
  let stop = async () => undefined;
  const listen = () => {
    void stop();
    stop = run(find(input.value));
  };
  input.addEventListener('input', listen);
  return () => {
    input.removeEventListener('input', listen);
    return stop();
  };
}
