import { setTimeout as pause } from 'node:timers/promises';
import { openServer } from './server.mjs';

class Field extends EventTarget {
  value = '';
}

/** One type-ahead on a page and server of its own. */
export async function openSession(typeAhead) {
  const { log, origin, close } = await openServer();
  const input = new Field();
  const shown = [];
  const cleaned = [];
  const show = (state) => shown.push(state);

  /** Asks the server, and cleans up for a while. */
  async function search(query, signal) {
    try {
      const response = await fetch(`${origin}/?q=${query}`, { signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.json();
    } finally {
      await pause(5);
      cleaned.push(query);
    }
  }

  return {
    ...log,
    shown,
    cleaned,
    leave: typeAhead({ input, search, show }),
    type(text) {
      input.value = text;
      input.dispatchEvent(new Event('input'));
    },
    /** Until it is so, for at most a second; answers whether it is. */
    async until(isSo) {
      const end = performance.now() + 1000;
      while (!isSo() && performance.now() < end) await pause(2);
      return isSo();
    },
    pause,
    close,
  };
}
