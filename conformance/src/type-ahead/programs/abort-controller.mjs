export function typeAhead({ input, search, show }) {
  const page = new AbortController();
  let newest = new AbortController();
  const find = async (query, signal) => {
    try {
      await pause(30, signal);
      const results = await retry(() => search(query, signal), signal);
      if (!signal.aborted) show({ results });
    } catch (error) {
      if (!signal.aborted) show({ error });
    }
  };
  const listen = () => {
    newest.abort();
    newest = new AbortController();
    void find(input.value, AbortSignal.any([page.signal, newest.signal]));
  };
  input.addEventListener('input', listen, { signal: page.signal });
  return () => page.abort();
}

async function retry(attempt, signal) {
  for (let left = 2; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || signal.aborted) throw error;
      await pause(20, signal);
    }
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
