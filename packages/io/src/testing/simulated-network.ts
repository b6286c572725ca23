import { InvalidStateError, getRunningLoop, shield } from '@ambit/core';
import { checkFunction, show } from '@ambit/core/lowlevel';
import { VirtualLoop } from '@ambit/core/testing';
import { checkString } from '../check.ts';
import { install } from './install.ts';
import { requireLink } from './links.ts';
import type { Cut, LinkOptions } from './links.ts';
import { checkNetworkOptions, checkRuntime, refuseSame } from './network-options.ts';
import type { SimulatedNetworkOptions } from './network-options.ts';
import { randomOf } from './random.ts';
import { SimulatedHost } from './simulated-host.ts';
import { World } from './world.ts';
import type { NetworkEvent } from './world.ts';

/** One host, or several. @beta */
export type Hosts = SimulatedHost | readonly SimulatedHost[];

/**
 * Machines and the network between them, in one process and in virtual time: unmodified servers, clients and drivers
 * run on its hosts, and a test cuts links, crashes hosts and loses packets. The same seed gives the same run. Made on
 * a VirtualLoop; {@link simulate} makes both. Needs Node.
 *
 * @beta
 * @example
 * await testRun(async () => {
 *   await using network = new SimulatedNetwork({ latency: [5, 60] });
 *   const api = network.host('api', () => serveHttp(handler, { port: 80 }));
 *   const client = network.host('client');
 *   network.partition(api, client);
 *   await assert.rejects(client.run(() => timeout(1000, () => fetch('http://api/'))), TimeoutError);
 * });
 */
export class SimulatedNetwork implements AsyncDisposable {
  readonly #world: World;
  readonly #hosts: SimulatedHost[] = [];

  /**
   * @param options - `latency`, `bandwidth`, `loss` of links for which nothing else is said; `seed`; `connectTimeout`: milliseconds
   * @throws InvalidStateError without a VirtualLoop, or on a runtime that is not Node; TypeError, RangeError for options
   */
  constructor(options?: SimulatedNetworkOptions) {
    checkNetworkOptions('SimulatedNetwork', options);
    const { seed = 1, connectTimeout = 127_000, date = FIRST_DAY, ...links } = options ?? {};
    checkRuntime();
    const loop = virtualLoop();
    // So that a host that crashes stops all that was woken and has not gone on.
    (loop as VirtualLoop & Steppable).stepByStep();
    this.#world = new World({
      ...links,
      loop,
      random: randomOf(seed),
      connectTimeout,
      origin: date.getTime(),
    });
    install();
  }

  /** What has happened: equal in two runs with one seed. */
  get events(): readonly NetworkEvent[] {
    return this.#world.events;
  }

  /**
   * Draws a number from 0 to below 1, from the seed: for faults of the test.
   *
   * @returns the number
   * @example
   * await sleep(network.random() * 4000);
   */
  random(): number {
    return this.#world.random();
  }

  /**
   * Makes a machine. Its main is called at once, in a task group of its own.
   *
   * @param name - other hosts find it by it; used once
   * @param main - its program; without one the host is for `run()`
   * @returns the host
   * @throws TypeError; InvalidStateError if the name is used, or the network has ended
   * @example
   * const redis = network.host('redis', () => serveRedis());
   */
  host(name: string, main?: () => unknown): SimulatedHost {
    checkString('SimulatedNetwork.host', 'name', name);
    if (main !== undefined) checkFunction('SimulatedNetwork.host', 'main', main);
    this.#world.refuseIfOver('SimulatedNetwork.host');
    if (this.#world.find(name) !== undefined) {
      throw new InvalidStateError(
        `SimulatedNetwork.host: name "${name}" is taken; give each host a name of its own`,
      );
    }
    const host = new SimulatedHost(this.#world, name, main);
    this.#hosts.push(host);
    return host;
  }

  /**
   * Sets how the links between hosts are, from now on.
   *
   * @param a - one side
   * @param b - the other side
   * @param options - `latency`: milliseconds; `bandwidth`: bytes for each millisecond; `loss`: share of UDP packets
   * @throws TypeError, RangeError
   * @example
   * network.link(client, api, { latency: 200, bandwidth: 10 });
   */
  link(a: Hosts, b: Hosts, options: LinkOptions): void {
    requireLink('SimulatedNetwork.link', options);
    for (const [from, to] of this.#pairs('link', a, b)) {
      this.#world.links.set(from._machine, to._machine, { ...options });
    }
  }

  /**
   * Lets nothing through between hosts, both ways: TCP's bytes wait, a connection is not made until healed or
   * `connectTimeout` is over, UDP is lost. Connections that are made survive.
   *
   * @param a - one side
   * @param b - the other side
   * @throws TypeError
   * @example
   * network.partition([a, b], c);
   */
  partition(a: Hosts, b: Hosts): void {
    this.#cut('partition', a, b);
  }

  /**
   * Does as {@link SimulatedNetwork.partition}, and UDP waits too.
   *
   * @param a - one side
   * @param b - the other side
   * @throws TypeError
   * @example
   * network.hold(client, api);
   */
  hold(a: Hosts, b: Hosts): void {
    this.#cut('hold', a, b);
  }

  /**
   * Makes links whole again: what waited goes on its way.
   *
   * @param a - one side; without it all links are healed
   * @param b - the other side; without it all links of `a`
   * @throws TypeError
   * @example
   * network.heal();
   */
  heal(a?: Hosts, b?: Hosts): void {
    const [one, other] = [a ?? this.#hosts, b ?? this.#hosts];
    const healed = new Set<string>();
    for (const [from, to] of this.#pairs('heal', one, other)) {
      healed.add(`${from.address}>${to.address}`);
      if (this.#world.links.cutOf(from._machine, to._machine) === undefined) continue;
      if (from.address < to.address) this.#note('heal', from, to);
    }
    this.#world.heal((from, to) => healed.has(`${from.address}>${to.address}`));
  }

  /**
   * Breaks the connections between hosts: ECONNRESET at both ends.
   *
   * @param a - one side
   * @param b - the other side
   * @throws TypeError
   * @example
   * network.reset(client, api);
   */
  reset(a: Hosts, b: Hosts): void {
    const pairs = this.#pairs('reset', a, b);
    for (const [from, to] of pairs) if (isFirst(pairs, from, to)) this.#note('reset', from, to);
    for (const [from, to] of pairs) from._machine.reset(to._machine);
  }

  /** Stops the hosts; what is under way is lost. Waits for the end of their programs, and throws what one of them threw, if its `outcome()` was not asked for. */
  async [Symbol.asyncDispose](): Promise<void> {
    await shield(() => Promise.all(this.#hosts.map((host) => host.stop())));
    this.#world.end();
    const failures = this.#hosts.flatMap(({ _mains }) =>
      _mains.flatMap((main) => main.unseen ?? []),
    );
    const errors = failures.map(({ error }) => error);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'several hosts have failed');
  }

  #cut(how: Cut, a: Hosts, b: Hosts): void {
    const pairs = this.#pairs(how, a, b);
    for (const [from, to] of pairs) {
      if (isFirst(pairs, from, to)) this.#note(how, from, to);
      this.#world.links.cut(from._machine, to._machine, how);
    }
  }

  #note(what: NetworkEvent['what'], from: SimulatedHost, to: SimulatedHost): void {
    this.#world.note(what, from._machine, { to: to._machine });
  }

  /** Both ways, each once. */
  #pairs(where: string, a: Hosts, b: Hosts): [SimulatedHost, SimulatedHost][] {
    const pairs = new Map<string, [SimulatedHost, SimulatedHost]>();
    const [ones, others] = [this.#list(where, 'a', a), this.#list(where, 'b', b)];
    for (const one of ones) {
      for (const other of others) {
        if (one === other) continue;
        pairs.set(`${one.name}\0${other.name}`, [one, other]);
        pairs.set(`${other.name}\0${one.name}`, [other, one]);
      }
    }
    if (pairs.size === 0 && where !== 'heal') refuseSame(`SimulatedNetwork.${where}`, ones);
    return [...pairs.values()];
  }

  #list(where: string, argument: string, hosts: unknown): readonly SimulatedHost[] {
    const list: readonly unknown[] = Array.isArray(hosts) ? hosts : [hosts];
    const areHosts = list.every((each) => this.#hosts.includes(each as SimulatedHost));
    if (areHosts && list.length > 0) return list as readonly SimulatedHost[];
    throw new TypeError(
      `SimulatedNetwork.${where}: ${argument} is ${show(hosts)}, not a host of this network; give what its host() returned`,
    );
  }
}

const FIRST_DAY = new Date('2026-01-01');

function isFirst(
  pairs: readonly (readonly [SimulatedHost, SimulatedHost])[],
  from: SimulatedHost,
  to: SimulatedHost,
): boolean {
  const at = (one: SimulatedHost, other: SimulatedHost): number =>
    pairs.findIndex(([first, second]) => first === one && second === other);
  return at(from, to) < at(to, from);
}

/** A part of a VirtualLoop that is not public. */
interface Steppable {
  stepByStep(): void;
}

function virtualLoop(): VirtualLoop {
  const loop = getRunningLoop();
  if (loop instanceof VirtualLoop) return loop;
  throw new InvalidStateError(
    'SimulatedNetwork: the running loop is not a VirtualLoop; make it in testRun() or simulate()',
  );
}
