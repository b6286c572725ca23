import type { Agent } from 'node:http';
import { HostDispatcher } from './host-dispatcher.ts';

/** A dispatcher of undici's. */
export interface Dispatcher {
  dispatch(options: unknown, handler: unknown): boolean;
}

let made = 0;

/**
 * The connections that a process keeps to use them again. In reality a machine has its own; here all machines share the
 * agents that are made once for a process, and would share their connections.
 */
export class Pools {
  readonly #key = `simulated ${(made += 1)}`;
  readonly #agents = new Set<Agent>();
  readonly #dispatchers = new Map<Dispatcher, Dispatcher>();
  #fetching: HostDispatcher | undefined;

  /** For `fetch`. */
  get fetching(): HostDispatcher {
    return (this.#fetching ??= new HostDispatcher());
  }

  /** What the names of this machine's connections end with in an agent of node:http. */
  keyIn(agent: Agent): string {
    this.#agents.add(agent);
    return this.#key;
  }

  /** The machine's own dispatcher in place of one that all share. */
  ownOf(shared: Dispatcher, make: () => Dispatcher): Dispatcher {
    const own = this.#dispatchers.get(shared) ?? make();
    this.#dispatchers.set(shared, own);
    return own;
  }

  /** The process is gone: the agents forget its connections, which end no other way. */
  forget(): void {
    for (const { sockets, freeSockets, requests } of this.#agents) {
      for (const kept of [sockets, freeSockets, requests] as Record<string, unknown>[])
        for (const name of Object.keys(kept))
          if (name.endsWith(this.#key)) Reflect.deleteProperty(kept, name);
    }
  }
}
