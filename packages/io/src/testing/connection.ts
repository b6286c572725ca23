import type { Server, Socket, TcpNetConnectOpts } from 'node:net';
import { node } from '../node.ts';
import { Direction } from './direction.ts';
import { graft } from './graft.ts';
import type { Graft } from './graft.ts';
import type { Listening, Machine } from './machine.ts';
import { systemError, unknownName } from './system-error.ts';
import { isLoopback, laneBetween } from './world.ts';

function mark(socket: Socket, state: { readonly connecting: boolean }): void {
  Object.assign(socket, state);
}

interface Attempt {
  readonly socket: Socket;
  readonly state: Graft;
  readonly machine: Machine;
  readonly peer: Machine;
  readonly port: number;
}

/** Connects a socket of Node's through the simulated network. */
export function connect(machine: Machine, socket: Socket, options: TcpNetConnectOpts): void {
  const { world } = machine;
  const state = graft(socket, machine);
  mark(socket, { connecting: true });
  const name = options.host ?? 'localhost';
  // Some give it as a string.
  const { port: given } = options as { readonly port: unknown };
  const port = Number(given);
  const peer = world.findFrom(machine, name);
  if (peer === undefined) {
    world.loop.callNext(() => state.inContext(() => socket.destroy(unknownName(name))));
    return;
  }
  // Within a machine both ends have the loopback's address.
  const here = isLoopback(name) ? (name.includes(':') ? '::1' : '127.0.0.1') : undefined;
  state.local = { address: here ?? machine.address, port: machine.freePort() };
  state.remote = { address: here ?? peer.address, port };
  knock({ socket, state, machine, peer, port });
}

function knock(attempt: Attempt): void {
  const { socket, machine, peer, port } = attempt;
  const { world } = machine;
  const giveUp = world.at(world.loop.now() + world.connectTimeout, () => {
    fail(attempt, 'ETIMEDOUT');
  });
  attempt.state.onDestroy.push(() => {
    giveUp.cancel();
  });
  world.send(laneBetween(machine, peer), 0, () => {
    if (socket.destroyed || peer.isSilent) return;
    const listening = peer.tcp.get(port);
    const accepted = listening === undefined ? undefined : accept(attempt, listening);
    world.send(laneBetween(peer, machine), 0, () => {
      giveUp.cancel();
      answered(attempt, accepted);
    });
  });
}

function answered(attempt: Attempt, accepted: Accepted | undefined): void {
  const { socket, state, machine, peer, port } = attempt;
  // The system answers for a program that no longer wants the connection.
  if (socket.destroyed) accepted?.toServer.sendReset();
  else if (state.isGone) return;
  else if (accepted !== undefined) establish(attempt, accepted);
  else {
    machine.world.note('refuse', machine, { to: peer, port });
    fail(attempt, 'ECONNREFUSED');
  }
}

function fail({ socket, state }: Attempt, code: string): void {
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

function accept(attempt: Attempt, { server, inContext }: Listening): Accepted {
  const { socket: client, machine, peer } = attempt;
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

function establish(attempt: Attempt, accepted: Accepted): void {
  const { socket, state, machine, peer, port } = attempt;
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
