import type { Server, Socket } from 'node:net';
import type { Socket as UdpSocket } from 'node:dgram';
import type { Handle } from '@ambit/core';
import type { InContext } from './current-machine.ts';
import { dropEnd, resetEnd } from './graft.ts';
import { Pools } from './pools.ts';
import { Ports } from './ports.ts';
import { systemError } from './system-error.ts';
import type { World } from './world.ts';

/** The first of the ports that a system gives out by itself. */
const FIRST_PORT = 49_152;

interface LocalEnd {
  readonly socket: Socket;
  readonly peer: Machine;
}

/** Where a program asks to listen; at port 0: the system chooses one. */
interface Asked {
  readonly address: string;
  readonly port: number;
  /** With others that say so. */
  readonly isShared: boolean;
}

export interface Listening {
  readonly server: Server;
  readonly inContext: InContext;
}

/** The time from a start of a machine until its power is off: that of the processes on it. */
export interface Life {
  readonly machine: Machine;
  isOver: boolean;
}

/** What the system of a simulated host knows: its sockets and ports. */
export class Machine {
  readonly world: World;
  readonly name: string;
  readonly address: string;
  readonly ends: Set<LocalEnd> = new Set<LocalEnd>();
  readonly tcp: Ports<Listening> = new Ports<Listening>();
  readonly udp: Ports<UdpSocket> = new Ports<UdpSocket>();
  /** Timers of the processes that run on it. */
  readonly timers: Set<Handle> = new Set<Handle>();
  /** Ends what its processes have started outside of the simulation. */
  readonly #ends = new Set<() => void>();
  isUp = true;
  life: Life = { machine: this, isOver: false };
  /** Whether only code of a process that is gone runs on it. */
  readonly isGrave: boolean;
  #grave: Machine | undefined;
  /** Down without a word to the other ends. */
  isSilent = false;
  #nextPort = FIRST_PORT;
  #pools = new Pools();

  /** @param address - of one that is on no network; left out: the next one of the network */
  constructor(world: World, name: string, address?: string) {
    this.world = world;
    this.name = name;
    this.isGrave = address !== undefined;
    this.address = address ?? `10.0.0.${world.machines.length + 1}`;
    if (address === undefined) world.machines.push(this);
  }

  /** Where code of a process that is gone runs: without power, and never started again. */
  get grave(): Machine {
    if (this.#grave === undefined) {
      this.#grave = new Machine(this.world, this.name, this.address);
      this.#grave.isUp = false;
      this.#grave.isSilent = true;
    }
    return this.#grave;
  }

  /** Of the process that runs on it. */
  get pools(): Pools {
    return this.#pools;
  }

  /** Calls back when its processes are gone, at once if they are; returns the way to take that back. */
  onPowerOff(end: () => void): () => void {
    if (!this.isUp) {
      end();
      return () => undefined;
    }
    this.#ends.add(end);
    return () => {
      this.#ends.delete(end);
    };
  }

  /** Calls back in the next turn, unless its processes are gone by then. */
  later(callback: () => void): void {
    const { life } = this;
    this.world.loop.callNext(() => {
      if (!life.isOver) callback();
    });
  }

  freePort(): number {
    return this.#nextPort++;
  }

  listen(place: Asked, listening: Listening): number {
    return this.#bind(this.tcp, { ...place, syscall: 'listen', value: listening });
  }

  bindUdp(place: Asked, socket: UdpSocket): number {
    return this.#bind(this.udp, { ...place, syscall: 'bind', value: socket });
  }

  track(socket: Socket, peer: Machine): () => void {
    const end = { socket, peer };
    this.ends.add(end);
    return () => {
      this.ends.delete(end);
    };
  }

  /** Breaks the connections to another machine, at this end. */
  reset(peer: Machine): void {
    for (const end of [...this.ends]) if (end.peer === peer) resetEnd(end.socket);
  }

  /** Its processes are gone: the connections are reset, unless it is silent. */
  switchOff({ isSilent }: { readonly isSilent: boolean }): void {
    this.isUp = false;
    this.isSilent = isSilent;
    for (const { socket } of this.ends) dropEnd(socket);
    this.free();
  }

  /** Nothing of a process is left. */
  free(): void {
    this.life.isOver = true;
    this.life = { machine: this, isOver: false };
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.ends.clear();
    this.tcp.clear();
    this.udp.clear();
    this.#pools.forget();
    this.#pools = new Pools();
    for (const end of [...this.#ends]) end();
    this.#ends.clear();
  }

  #bind<T>(ports: Ports<T>, wish: Asked & { readonly syscall: string; readonly value: T }): number {
    const { address, syscall, value } = wish;
    const port = wish.port === 0 ? this.freePort() : wish.port;
    if (ports.bind(port, value, wish)) return port;
    throw systemError(syscall, 'EADDRINUSE', { address, port });
  }
}
