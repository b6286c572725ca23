/** The Web Locks of a page, as its specification has them: what a runtime without them is given in tests. */
export class FakeLockManager {
  readonly #held: Request[] = [];
  readonly #pending: Request[] = [];

  async request(name: string, options: RequestOptions, callback: Callback): Promise<unknown> {
    await Promise.resolve();
    const { mode = 'exclusive', signal, ifAvailable = false, steal = false } = options;
    signal?.throwIfAborted();
    if (steal) for (const held of this.#held.filter((each) => each.name === name)) held.steal();
    const request = new Request(name, mode);
    if (!this.#isFree(request)) {
      if (ifAvailable) return callback(null);
      this.#pending.push(request);
      await request.untilGranted(signal, () => this.#remove(this.#pending, request));
    } else this.#held.push(request);
    try {
      return await Promise.race([callback({ name, mode }), request.stolen]);
    } finally {
      this.#remove(this.#held, request);
      this.#admit();
    }
  }

  async query(): Promise<{ readonly held: Request[]; readonly pending: Request[] }> {
    await Promise.resolve();
    return { held: [...this.#held], pending: [...this.#pending] };
  }

  #isFree({ name, mode }: Request): boolean {
    const same = [...this.#held, ...this.#pending].filter((each) => each.name === name);
    return same.every((each) => each.mode === 'shared' && mode === 'shared');
  }

  #admit(): void {
    for (const request of [...this.#pending]) {
      const others = this.#held.filter(({ name }) => name === request.name);
      const isFree = others.every(({ mode }) => mode === 'shared' && request.mode === 'shared');
      if (!isFree) continue;
      this.#remove(this.#pending, request);
      this.#held.push(request);
      request.grant();
    }
  }

  #remove(list: Request[], request: Request): void {
    const at = list.indexOf(request);
    if (at >= 0) list.splice(at, 1);
  }
}

type Callback = (lock: unknown) => unknown;

interface RequestOptions {
  readonly mode?: string;
  readonly signal?: AbortSignal;
  readonly ifAvailable?: boolean;
  readonly steal?: boolean;
}

class Request {
  readonly name: string;
  readonly mode: string;
  readonly stolen: Promise<never>;
  steal: () => void = () => undefined;
  grant: () => void = () => undefined;

  constructor(name: string, mode: string) {
    this.name = name;
    this.mode = mode;
    this.stolen = new Promise((_, reject) => {
      this.steal = () => reject(new DOMException('the lock was stolen', 'AbortError'));
    });
    this.stolen.catch(() => undefined);
  }

  untilGranted(signal: AbortSignal | undefined, leave: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.grant = resolve;
      signal?.addEventListener('abort', () => {
        leave();
        reject(signal.reason as Error);
      });
    });
  }
}
