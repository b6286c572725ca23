import type { ListenLike, PgLike } from '@ambit/sync/postgres';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code?: string };
  readonly channel?: string;
  readonly payload?: string;
}

/** A PGlite in a process of its own, with the two methods that a store uses. */
export function openPGlite(): PgLike & ListenLike & { close(): Promise<void> } {
  const child = fork(join(__dirname, '../fixtures/pglite.mjs'));
  const pending = new Map<number, (answer: Answer) => void>();
  const heard = new Map<string, ((payload: string) => void)[]>();
  child.on('message', (answer: Answer) => {
    if (answer.id !== undefined) pending.get(answer.id)?.(answer);
    else for (const callback of heard.get(answer.channel!) ?? []) callback(answer.payload!);
  });
  let calls = 0;
  const call = (message: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = (calls += 1);
      pending.set(id, ({ value, error }) => {
        pending.delete(id);
        if (error === undefined) resolve(value);
        else reject(Object.assign(new Error(error.message), { code: error.code }));
      });
      child.send({ id, ...message });
    });
  return {
    query: (text, values = []) =>
      call({ method: 'query', text, values }) as Promise<{ rows: unknown[] }>,
    listen: async (channel, callback) => {
      const callbacks = heard.get(channel) ?? [];
      heard.set(channel, [...callbacks, callback]);
      if (callbacks.length === 0) await call({ method: 'listen', channel });
    },
    close: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}
