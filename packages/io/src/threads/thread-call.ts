import type { CancelledError, CancelScope } from '@ambit/core';
import { decodeThrown } from './error-codec.ts';
import type { Encoded } from './error-codec.ts';
import type { ThreadFrames } from './thread-frames.ts';

/** What the function of a call has returned. */
export interface Returned {
  readonly value: unknown;
}

interface Body {
  readonly promise: Promise<Returned>;
  readonly resolve: (returned: Promise<Returned>) => void;
}

/**
 * A call in its thread. To core it is a frame, as its scopes are: what asks there for the current scope gets that of the call, which is
 * made only then. So a thread loads core, and a call has a scope, only if the code of the function uses it.
 */
export class ThreadCall {
  readonly id: number;
  readonly #frames: ThreadFrames;
  readonly #look: () => void;
  #reason: Encoded | undefined;
  #scope: CancelScope | undefined;
  /** What the scope is open for. */
  #body: Body | undefined;
  #running: Promise<Returned | undefined> | undefined;
  #isOver = false;

  /** @param look - reads what has come to the thread meanwhile */
  constructor(id: number, frames: ThreadFrames, look: () => void) {
    this.id = id;
    this.#frames = frames;
    this.#look = look;
  }

  get isCancelled(): boolean {
    return this.#reason !== undefined;
  }

  get hasScope(): boolean {
    return this.#scope !== undefined;
  }

  /** Its caller is cancelled. */
  cancel(reason: Encoded): void {
    this.#reason = reason;
    this.#scope?.cancel(decodeThrown(reason));
  }

  /** Calls a function in it, and all that the function awaits. */
  run<R>(fn: () => R): R {
    return this.#frames.storage.run(this, fn);
  }

  /** Ends it. Returns what its function has come to; undefined if its own cancellation has ended it. */
  end(returned: Promise<Returned>): Promise<Returned | undefined> {
    this.#isOver = true;
    this.#body?.resolve(returned);
    return this.#running ?? returned;
  }

  /** For core: see `Frame` there. */
  get _scope(): CancelScope {
    return this.#scope ?? this.#open();
  }

  /** For core: what `workerScope` asks for. */
  get _variables(): object {
    const frames = this.#frames;
    return {
      get key() {
        return frames.variable;
      },
      value: this._scope,
      outer: undefined,
    };
  }

  #open(): CancelScope {
    const scope = new (scopeClassOf(this.#frames))(this.#look);
    this.#scope = scope;
    const body = deferred();
    this.#body = body;
    // Code that an ended call has left behind has one that has ended.
    if (this.#isOver) body.resolve(Promise.resolve({ value: undefined }));
    // Around it there is none.
    this.#running = this.#frames.storage.run(undefined as unknown as object, () =>
      scope.run(() => body.promise),
    );
    if (this.#reason !== undefined) scope.cancel(decodeThrown(this.#reason));
    return scope;
  }
}

function deferred(): Body {
  let resolve: Body['resolve'] = () => undefined;
  // eslint-disable-next-line no-restricted-syntax -- core may not be there: see above
  const promise = new Promise<Returned>((settle) => (resolve = settle));
  return { promise, resolve };
}

type WorkerScope = new (look: () => void) => CancelScope;

let known: WorkerScope | undefined;

/** The class of the scope of a call, by core's own: this file cannot import it. */
function scopeClassOf({ Scope }: ThreadFrames): WorkerScope {
  if (Scope === undefined) throw new TypeError('a frame was asked for its scope without core');
  return (known ??= lookingScope(Scope));
}

/** Looks whether the caller has been cancelled each time it is asked: a loop that does not let go of the thread receives no messages. */
function lookingScope(Scope: NonNullable<ThreadFrames['Scope']>): WorkerScope {
  return class WorkerScope extends Scope {
    readonly #look: () => void;
    constructor(look: () => void) {
      super({ name: 'worker' });
      this.#look = look;
    }
    override get reason(): CancelledError | undefined {
      this.#look();
      return super.reason;
    }
    override get cancelCalled(): boolean {
      this.#look();
      return super.cancelCalled;
    }
    override get signal(): AbortSignal {
      this.#look();
      return super.signal;
    }
    override throwIfCancelled(): void {
      this.#look();
      super.throwIfCancelled();
    }
  };
}
