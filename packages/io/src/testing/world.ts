import { InvalidStateError } from '@ambit/core';
import type { EventLoop, Handle } from '@ambit/core';
import { contextHere } from './current-machine.ts';
import type { InContext } from './current-machine.ts';
import { Links } from './links.ts';
import type { LinkOptions } from './links.ts';
import type { Machine } from './machine.ts';

/** What has happened in a simulated network. @beta */
export interface NetworkEvent {
  /** Milliseconds of the loop's clock. */
  readonly at: number;
  /** What a host, or a test with it, has done. */
  readonly what:
    | 'start'
    | 'stop'
    | 'crash'
    | 'listen'
    | 'connect'
    | 'refuse'
    | 'reset'
    | 'partition'
    | 'hold'
    | 'heal';
  /** The name of a host: of the one that asks, if there are two. */
  readonly from: string;
  /** The name of the other host. */
  readonly to?: string;
  /** The port that is listened at, or asked. */
  readonly port?: number;
}

/** One way along which things arrive in the order in which they were sent. */
export interface Lane {
  readonly from: Machine;
  readonly to: Machine;
  /** The instant before which nothing more arrives. */
  last: number;
  readonly pending: (() => void)[];
}

export function laneBetween(from: Machine, to: Machine): Lane {
  return { from, to, last: 0, pending: [] };
}

export interface WorldOptions extends LinkOptions {
  readonly loop: EventLoop;
  readonly random: () => number;
  readonly connectTimeout: number;
  /** The time of day at the loop's 0, in milliseconds since 1970. */
  readonly origin: number;
}

/** Something that is under way, or waits at a cut. */
interface Parcel {
  readonly from: Machine;
  readonly to: Machine;
  /** Bytes. */
  readonly size: number;
  /** What is sent along one lane stays in order; undefined: a packet of UDP. */
  readonly lane?: Lane;
  readonly go: () => void;
}

/** What all hosts of a simulation share: time, chance, links, and what is under way on them. */
export class World {
  readonly loop: EventLoop;
  readonly random: () => number;
  readonly connectTimeout: number;
  readonly origin: number;
  readonly links: Links;
  readonly events: NetworkEvent[] = [];
  readonly machines: Machine[] = [];
  /** The context of the test, which is that of no host. */
  readonly outside: InContext = contextHere();
  readonly #underWay = new Set<Handle>();
  #waiting: Parcel[] = [];
  #isOver = false;

  constructor(options: WorldOptions) {
    this.loop = options.loop;
    this.random = options.random;
    this.connectTimeout = options.connectTimeout;
    this.origin = options.origin;
    this.links = new Links(options, options.random);
  }

  note(
    what: NetworkEvent['what'],
    from: Machine,
    more: { to?: Machine; port?: number } = {},
  ): void {
    const { to, port } = more;
    this.events.push({
      at: this.loop.now(),
      what,
      from: from.name,
      ...(to !== undefined && { to: to.name }),
      ...(port !== undefined && { port }),
    });
  }

  find(name: string): Machine | undefined {
    return this.machines.find((each) => each.name === name || each.address === name);
  }

  /** The machine that a name means on another one, itself included. */
  findFrom(machine: Machine, name: string): Machine | undefined {
    return isLoopback(name) ? machine : this.find(name);
  }

  /** Calls back outside of every host; forgotten at the end of the simulation. */
  at(instant: number, go: () => void): Handle {
    if (this.#isOver) return { when: instant, cancel: () => undefined };
    return this.outside(() => {
      const handle = this.loop.callAt(instant, () => {
        this.#underWay.delete(handle);
        go();
      });
      this.#underWay.add(handle);
      const cancel = (): void => {
        this.#underWay.delete(handle);
        handle.cancel();
      };
      return { when: handle.when, cancel };
    });
  }

  /** Sends something along a lane. Cut off it waits, as what TCP sends again and again. */
  send(lane: Lane, size: number, arrive: () => void): void {
    lane.pending.push(arrive);
    const { from, to } = lane;
    this.#carry({ from, to, size, lane, go: () => lane.pending.shift()?.() });
  }

  /** Sends a packet of UDP, which may be lost. */
  sendPacket(from: Machine, to: Machine, packet: { readonly size: number; arrive(): void }): void {
    if (this.links.isLost(from, to) || this.links.cutOf(from, to) === 'partition') return;
    const go = (): void => {
      packet.arrive();
    };
    this.#carry({ from, to, size: packet.size, go });
  }

  heal(isHealed: (from: Machine, to: Machine) => boolean): void {
    for (const from of this.machines)
      for (const to of this.machines) if (isHealed(from, to)) this.links.cut(from, to, undefined);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) this.#carry(each);
  }

  /** Throws if the network has ended: a host that came now would reach none. */
  refuseIfOver(where: string): void {
    if (!this.#isOver) return;
    throw new InvalidStateError(`${where}: the network has ended; make a new one`);
  }

  /** Nothing more arrives, and no timer goes off. */
  end(): void {
    this.#isOver = true;
    for (const handle of this.#underWay) handle.cancel();
    this.#underWay.clear();
    this.#waiting = [];
  }

  #carry(parcel: Parcel): void {
    const { from, to, size, lane } = parcel;
    if (this.links.cutOf(from, to) !== undefined) {
      this.#waiting.push(parcel);
      return;
    }
    const soonest = this.links.arrival(from, to, { now: this.loop.now(), size });
    const arrival = Math.max(soonest, lane?.last ?? 0);
    if (lane !== undefined) lane.last = arrival;
    this.at(arrival, () => {
      this.#arrive(parcel);
    });
  }

  #arrive(parcel: Parcel): void {
    const cut = this.links.cutOf(parcel.from, parcel.to);
    if (cut === undefined) parcel.go();
    // It was cut while this was under way.
    else if (parcel.lane !== undefined || cut === 'hold') this.#waiting.push(parcel);
  }
}

export function isLoopback(name: string): boolean {
  return (
    name === 'localhost' || name === '::1' || name === '::' || /^(127\.|0\.0\.0\.0)/.test(name)
  );
}
