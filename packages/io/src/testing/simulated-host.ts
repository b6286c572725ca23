import { InvalidStateError } from '@ambit/core';
import { checkFlag, checkFunction, checkOptions } from '@ambit/core/lowlevel';
import { runOn } from './current-machine.ts';
import { HostMain } from './host-main.ts';
import { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Options for {@link SimulatedHost.crash}. @beta */
export interface CrashOptions {
  /** Whether the other ends hear nothing of it, as when the power is off. Default: false, its system resets its connections. */
  readonly silent?: boolean | undefined;
}

/**
 * A machine of a {@link SimulatedNetwork}, with a name, an address and ports of its own. On it, and in all that is
 * awaited and spawned there, `net`, `tls`, `http`, `https`, `dgram`, `dns.lookup`, `fetch`, timers, clocks and
 * `Math.random` are the simulation's. What would leave the simulation throws: unix sockets, descriptors, multicast,
 * `dns.resolve`, `node:child_process`, `new Worker`. The files, processes and threads of `@ambit/io` are real, and hold
 * the time of the simulation while a call is under way.
 *
 * @beta
 * @example
 * const api = network.host('api', () => serveHttp(handler, { port: 80 }));
 * const client = network.host('client');
 * const response = await client.run(() => fetch('http://api/'));
 */
export class SimulatedHost {
  /** @internal */
  readonly _machine: Machine;
  readonly #program: (() => unknown) | undefined;
  /** @internal Each run of its program. */
  readonly _mains: HostMain[] = [];

  /** @internal Hosts are made by {@link SimulatedNetwork.host}. */
  constructor(world: World, name: string, program: (() => unknown) | undefined) {
    this._machine = new Machine(world, name);
    this.#program = program;
    this.#start();
  }

  get name(): string {
    return this._machine.name;
  }

  /** `10.0.0.n`. */
  get address(): string {
    return this._machine.address;
  }

  /** False after `stop` and `crash`, until `restart`. */
  get isUp(): boolean {
    return this._machine.isUp;
  }

  /** How many TCP connections are open at this end. */
  get connections(): number {
    return this._machine.ends.size;
  }

  /**
   * Calls a function on this machine.
   *
   * @param fn - called at once; what it awaits and spawns is on this machine too
   * @returns its value
   * @throws TypeError; what the function throws
   * @example
   * const socket = host.run(() => net.connect(80, 'api'));
   */
  run<T>(fn: () => T): T {
    checkFunction('SimulatedHost.run', 'fn', fn);
    return runOn(this._machine, fn);
  }

  /**
   * Cancels main, as SIGTERM does a program, and waits for its end; then closes what it left open. A checkpoint.
   * Does nothing if the host is down.
   *
   * @param reason - of the cancellation
   * @throws (rejects) the ambient scope's CancelledError, while main goes on ending
   * @example
   * await host.stop('a new version');
   */
  async stop(reason: unknown = 'the host is stopped'): Promise<void> {
    const machine = this._machine;
    if (!machine.isUp) return;
    machine.world.note('stop', machine);
    const main = this._mains.at(-1);
    await main?.stop(reason);
    // It may have crashed meanwhile, and been started anew.
    if (this.isUp && main === this._mains.at(-1)) machine.switchOff({ isSilent: false });
  }

  /**
   * Ends the machine at once: nothing of main goes on, not even `finally`. Its system resets its connections and
   * refuses new ones. With `silent` nothing answers: what waits for it waits until a time limit. What `@ambit/io` has
   * started for it ends: processes are killed, files closed.
   *
   * Nothing can stop a promise of the platform: code that waits for one goes on when that settles, up to its next wait.
   * Meanwhile it has no network and no timers, and asynchronous calls of `node:fs` do nothing, also after a restart.
   *
   * @param options - `silent`: the other ends hear nothing
   * @throws TypeError
   * @example
   * host.crash({ silent: true });
   */
  crash(options?: CrashOptions): void {
    checkOptions('SimulatedHost.crash', options);
    checkFlag('SimulatedHost.crash', 'silent', options?.silent);
    const machine = this._machine;
    if (!machine.isUp) return;
    machine.world.note('crash', machine);
    this._mains.at(-1)?.crash();
    machine.switchOff({ isSilent: options?.silent === true });
  }

  /**
   * Calls main anew. A host that is up crashes first.
   *
   * @throws InvalidStateError if the network has ended
   * @example
   * host.crash();
   * await sleep(5000);
   * host.restart();
   */
  restart(): void {
    this._machine.world.refuseIfOver('SimulatedHost.restart');
    this.crash();
    this.#start();
  }

  /**
   * Waits for the end of main, of its last start. A checkpoint.
   *
   * @returns its value; undefined if it was stopped
   * @throws (rejects) what main throws; ClosedResourceError if the host crashes; InvalidStateError if it has no main; the
   *   ambient scope's CancelledError
   * @example
   * assert.equal(await client.outcome(), 'done');
   */
  async outcome(): Promise<unknown> {
    const main = this._mains.at(-1);
    if (main !== undefined) return main.outcome();
    throw new InvalidStateError(
      `SimulatedHost.outcome: host "${this.name}" has no main; give one to network.host()`,
    );
  }

  #start(): void {
    const machine = this._machine;
    machine.isUp = true;
    machine.isSilent = false;
    machine.world.note('start', machine);
    if (this.#program !== undefined) this._mains.push(new HostMain(machine, this.#program));
  }
}
