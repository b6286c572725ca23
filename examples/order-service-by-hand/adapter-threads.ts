import { Worker } from 'node:worker_threads';

interface Call {
  readonly args: readonly unknown[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Threads of one module that respond to each message with one. */
export class ThreadPool {
  readonly #module: URL;
  readonly #waiting: Call[] = [];
  readonly #idle: Worker[] = [];
  readonly #calls = new Map<Worker, Call>();
  #isClosed = false;

  constructor(module: URL, size: number) {
    this.#module = module;
    for (let at = 0; at < size; at += 1) this.#start();
  }

  run<T>(...args: readonly unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ args, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the threads are closed'));
    await Promise.all([...this.#idle, ...this.#calls.keys()].map((worker) => worker.terminate()));
  }

  #start(): void {
    const worker = new Worker(this.#module);
    worker.on('message', (value: unknown) => {
      const call = this.#calls.get(worker);
      this.#calls.delete(worker);
      this.#idle.push(worker);
      call?.resolve(value as never);
      this.#next();
    });
    worker.on('error', (error) => {
      this.#calls.get(worker)?.reject(error);
    });
    worker.on('exit', () => {
      this.#calls.get(worker)?.reject(new Error('the thread has ended'));
      this.#calls.delete(worker);
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
      if (!this.#isClosed) this.#start();
    });
    worker.unref();
    this.#idle.push(worker);
    this.#next();
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.shift();
    if (worker === undefined) return;
    const call = this.#waiting.shift();
    if (call === undefined) return;
    this.#calls.set(worker, call);
    worker.postMessage(call.args);
  }
}
