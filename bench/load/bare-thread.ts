// A thread whose calls have what those of @ambit/io have, written for this one case: a channel of their own, a function named by module
// and export, the stack of the caller for an error, a context in the thread, and a process that stays alive for calls only.
import { AsyncLocalStorage } from 'node:async_hooks';
import { isMainThread, MessageChannel, Worker, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

interface Call {
  readonly id: number;
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly error?: Error;
  readonly value?: unknown;
}

export class BareThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #calls = 0;
  #settle: ((reply: Reply) => void) | undefined;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL(import.meta.url), {
      workerData: port2,
      transferList: [port2],
    });
    this.#worker.unref();
    port1.on('message', (reply: Reply) => {
      this.#worker.unref();
      this.#settle?.(reply);
    });
    port1.unref();
  }

  async call(module: string, name: string, args: readonly unknown[]): Promise<unknown> {
    const site: { stack?: string } = {};
    // eslint-disable-next-line @typescript-eslint/unbound-method -- only where the stack is to begin
    Error.captureStackTrace(site, this.call);
    const reply = await new Promise<Reply>((resolve) => {
      this.#settle = resolve;
      this.#calls += 1;
      this.#port.postMessage({ id: this.#calls, module, name, args } satisfies Call);
      this.#worker.ref();
    });
    if (reply.error === undefined) return reply.value;
    reply.error.stack = `${reply.error.stack}\n${site.stack}`;
    throw reply.error;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function serve(port: MessagePort): void {
  const calls = new AsyncLocalStorage<number>();
  const modules = new Map<string, Record<string, (...args: readonly unknown[]) => unknown>>();
  const load = async (module: string): Promise<Record<string, () => unknown>> => {
    const loaded = (await import(module)) as Record<string, () => unknown>;
    modules.set(module, loaded);
    return loaded;
  };
  const answer = async ({ id, module, name, args }: Call): Promise<void> => {
    try {
      const exported = modules.get(module) ?? (await load(module));
      const value = await calls.run(id, () => exported[name]?.(...args));
      port.postMessage({ value } satisfies Reply);
    } catch (error) {
      port.postMessage({ error: error as Error } satisfies Reply);
    }
  };
  port.on('message', (call: Call) => void answer(call));
}

if (!isMainThread) serve(workerData as MessagePort);
