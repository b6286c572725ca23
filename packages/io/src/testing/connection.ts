import type { Server, Socket, TcpNetConnectOpts } from 'node:net';
import type { Handle } from '@ambit/core';
import { node } from '../node.ts';
import { Direction } from './direction.ts';
import { graft } from './graft.ts';
import type { Graft, Place } from './graft.ts';
import type { Life, Listening, Machine } from './machine.ts';
import { systemError, unknownName } from './system-error.ts';
import { isLoopback, laneBetween } from './world.ts';

function mark(socket: Socket, state: { readonly connecting: boolean }): void {
  Object.assign(socket, state);
}

interface Attempt {
  /** Of the process that connects. */
  readonly life: Life;
  readonly socket: Socket;
  readonly state: Graft;
  readonly machine: Machine;
  /** None has this address. */
  readonly peer: Machine | undefined;
  readonly port: number;
}

/** Connects a socket of Node's through the simulated network. */
export function connect(machine: Machine, socket: Socket, options: TcpNetConnectOpts): void {
  const { world } = machine;
  const state = graft(socket, machine);
  mark(socket, { connecting: true });
  if (machine.isGrave) return;
  const name = options.host ?? 'localhost';
  // Some give it as a string.
  const { port: given } = options as { readonly port: unknown };
  const port = Number(given);
  const peer = world.findFrom(machine, name);
  if (peer === undefined && node.net.isIP(name) === 0) {
    machine.later(() => state.inContext(() => socket.destroy(unknownName(name))));
    return;
  }
  // Within a machine both ends have the loopback's address.
  const here = isLoopback(name) ? (name.includes(':') ? '::1' : '127.0.0.1') : undefined;
  state.local = placeOf(machine, options, here ?? machine.address);
  state.remote = { address: here ?? peer?.address ?? name, port };
  knock({ life: machine.life, socket, state, machine, peer, port });
}

/** Where a socket is bound. Some give null for nowhere in particular. */
function placeOf(machine: Machine, options: object, usual: string): Place {
  const { localAddress, localPort } = options as Record<string, unknown>;
  const address = typeof localAddress === 'string' ? localAddress : usual;
  return { address, port: typeof localPort === 'number' ? localPort : machine.freePort() };
}

function knock(attempt: Attempt): void {
  const { machine, peer } = attempt;
  const { world } = machine;
  const giveUp = world.at(world.loop.now() + world.connectTimeout, () => {
    fail(attempt, 'ETIMEDOUT');
  });
  attempt.state.onDestroy.push(() => {
    giveUp.cancel();
  });
  if (peer !== undefined) ask(attempt, peer, giveUp);
}

function ask(attempt: Attempt, peer: Machine, giveUp: Handle): void {
  const { socket, state, machine, port } = attempt;
  const { world } = machine;
  world.send(laneBetween(machine, peer), 0, () => {
    if (socket.destroyed || peer.isSilent) return;
    const listening = peer.tcp.at(port, state.local?.port ?? 0);
    const accepted = listening === undefined ? undefined : accept(attempt, peer, listening);
    world.send(laneBetween(peer, machine), 0, () => {
      giveUp.cancel();
      answered(attempt, peer, accepted);
    });
  });
}

function answered(attempt: Attempt, peer: Machine, accepted: Accepted | undefined): void {
  const { life, socket, state, machine, port } = attempt;
  if (machine.isSilent) return;
  // The system answers for a program that no longer wants the connection, or is gone.
  if (socket.destroyed || life.isOver) accepted?.toServer.sendReset();
  else if (state.isGone) return;
  else if (accepted !== undefined) establish(attempt, peer, accepted);
  else {
    machine.world.note('refuse', machine, { to: peer, port });
    fail(attempt, 'ECONNREFUSED');
  }
}

function fail({ life, socket, state }: Attempt, code: string): void {
  if (life.isOver) return;
  state.inContext(() => socket.destroy(systemError('connect', code, state.remote)));
}

/** The two directions of a connection that a server has accepted. */
interface Accepted {
  readonly toClient: Direction;
  readonly toServer: Direction;
}

/** What a server keeps to itself. */
interface ServerParts extends Server {
  readonly allowHalfOpen?: boolean;
  readonly pauseOnConnect?: boolean;
  readonly highWaterMark?: number;
  _connections: number;
}

function accept(attempt: Attempt, peer: Machine, { server, inContext }: Listening): Accepted {
  const { socket: client, machine } = attempt;
  const { allowHalfOpen = false, highWaterMark } = server as ServerParts;
  return inContext(() => {
    const made = { allowHalfOpen, readable: true, writable: true, highWaterMark };
    const socket = new node.net.Socket(made);
    const state = graft(socket, peer);
    state.local = attempt.state.remote;
    state.remote = attempt.state.local;
    const [near, far] = [
      { socket, machine: peer },
      { socket: client, machine },
    ];
    const accepted = { toClient: new Direction(near, far), toServer: new Direction(far, near) };
    state.out = accepted.toClient;
    state.in = accepted.toServer;
    state.onDestroy.push(peer.track(socket, machine));
    announce(server as ServerParts, socket);
    return accepted;
  });
}

function announce(server: ServerParts, socket: Socket): void {
  const { maxConnections } = server as Partial<Server>;
  if (typeof maxConnections === 'number' && server._connections >= maxConnections) {
    socket.destroy();
    return;
  }
  server._connections += 1;
  Object.assign(socket, { server, _server: server });
  const isPaused = server.pauseOnConnect === true;
  if (isPaused) socket.pause();
  server.emit('connection', socket);
  if (!isPaused) socket.read(0);
}

function establish(attempt: Attempt, peer: Machine, accepted: Accepted): void {
  const { socket, state, machine, port } = attempt;
  machine.world.note('connect', machine, { to: peer, port });
  state.inContext(() => {
    state.out = accepted.toServer;
    state.in = accepted.toClient;
    state.onDestroy.push(machine.track(socket, peer));
    mark(socket, { connecting: false });
    state.touch();
    socket.emit('connect');
    socket.emit('ready');
    // What the server has sent may have come by now.
    accepted.toClient.flow();
    if (!socket.isPaused()) socket.read(0);
  });
}
