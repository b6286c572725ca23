import { CancelScope, Future, taskGroup } from '@ambit/core';
import { park, whenDone } from '@ambit/core/lowlevel';
import { crash } from '@ambit/core/testing';
import { ClosedResourceError } from '../errors.ts';
import type { Waker } from '@ambit/core/lowlevel';
import type { Machine } from './machine.ts';
import { runOn } from './current-machine.ts';

type Ending =
  | { readonly status: 'fulfilled'; readonly value: unknown }
  | { readonly status: 'rejected'; readonly error: unknown };

/** One run of a host's program: from its start to its end, or to a crash. */
export class HostMain {
  readonly #machine: Machine;
  readonly #scope: CancelScope;
  readonly #ended = new Future<Ending>();
  #isAsked = false;

  constructor(machine: Machine, main: () => unknown) {
    this.#machine = machine;
    this.#scope = new CancelScope({ name: `host ${machine.name}` });
    // A group of its own: what main opens is closed with it.
    const program = (): Promise<unknown> => this.#scope.run(() => taskGroup(() => main()));
    void machine.world
      .outside(() => runOn(machine, program))
      .then(
        (value) => this.#ended.tryResolve({ status: 'fulfilled', value }),
        (error: unknown) => this.#ended.tryResolve({ status: 'rejected', error }),
      );
  }

  /** Cancels it and waits for its end. */
  async stop(reason: unknown): Promise<void> {
    this.#scope.cancel(reason);
    const name = `the end of host "${this.#machine.name}"`;
    const register = (waker: Waker<void>): (() => void) =>
      whenDone(this.#ended, () => waker.wake());
    await park(register, { name });
  }

  crash(): void {
    if (this.#ended.state !== 'pending') return;
    crash(this.#scope);
    this.#isAsked = true;
    const error = new ClosedResourceError(`host "${this.#machine.name}" has crashed`);
    this.#ended.tryResolve({ status: 'rejected', error });
  }

  async outcome(): Promise<unknown> {
    this.#isAsked = true;
    const ending = await this.#ended.wait();
    if (ending.status === 'rejected') throw ending.error;
    return ending.value;
  }

  /** Its failure, if no caller asked for its outcome. */
  get unseen(): { readonly error: unknown } | undefined {
    if (this.#isAsked || this.#ended.state === 'pending') return undefined;
    const ending = this.#ended.result();
    return ending.status === 'rejected' ? { error: ending.error } : undefined;
  }
}
