import type { Server, Socket } from 'node:net';
import type { Socket as UdpSocket } from 'node:dgram';
import type { Handle } from '@ambit/core';
import type { InContext } from './current-machine.ts';
import { dropEnd, resetEnd } from './graft.ts';
import { Pools } from './pools.ts';
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
}

export interface Listening {
  readonly server: Server;
  readonly inContext: InContext;
}

/** What the system of a simulated host knows: its sockets and ports. */
export class Machine {
  readonly world: World;
  readonly name: string;
  readonly address: string;
  readonly ends: Set<LocalEnd> = new Set<LocalEnd>();
  readonly tcp: Map<number, Listening> = new Map<number, Listening>();
  readonly udp: Map<number, UdpSocket> = new Map<number, UdpSocket>();
  /** Timers of the processes that run on it. */
  readonly timers: Set<Handle> = new Set<Handle>();
  /** Ends what its processes have started outside of the simulation. */
  readonly #ends = new Set<() => void>();
  isUp = true;
  /** Down without a word to the other ends. */
  isSilent = false;
  #nextPort = FIRST_PORT;
  #pools = new Pools();

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.address = `10.0.0.${world.machines.length + 1}`;
    world.machines.push(this);
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

  #bind<T>(
    ports: Map<number, T>,
    wish: Asked & { readonly syscall: string; readonly value: T },
  ): number {
    const { address, syscall, value } = wish;
    const port = wish.port === 0 ? this.freePort() : wish.port;
    if (ports.has(port)) {
      throw systemError(syscall, 'EADDRINUSE', { address, port });
    }
    ports.set(port, value);
    return port;
  }
}
