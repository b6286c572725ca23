import type { RemoteInfo, Socket } from 'node:dgram';
import { node } from '../node.ts';
import { contextHere, currentMachine } from './current-machine.ts';
import type { InContext } from './current-machine.ts';
import type { Machine } from './machine.ts';
import { patchOf } from './patch.ts';
import type { InHost } from './patch.ts';
import { sendArguments } from './udp-arguments.ts';
import { systemError, unknownName } from './system-error.ts';

interface UdpState {
  readonly machine: Machine;
  readonly inContext: InContext;
  port: number;
  remote: { readonly machine: Machine; readonly port: number } | undefined;
}

const states = new WeakMap<Socket, UdpState>();

type Act = (socket: Socket, state: UdpState, args: unknown[]) => unknown;

/** UDP sockets of code on a simulated machine send through its network. */
export function patchUdp(): void {
  const proto = node.dgram.Socket.prototype;
  const onSocket = (name: string, inHost: InHost): void => {
    patchOf(proto, name, { inHost, machineOf });
  };
  const methods: Record<string, Act> = { bind, connect, address, send, remoteAddress, disconnect };
  for (const [name, act] of Object.entries(methods)) {
    onSocket(name, (machine, self, args) => {
      const socket = self as Socket;
      return act(socket, stateOf(socket, machine), args);
    });
  }
  for (const name of ['setBroadcast', 'setTTL', 'setMulticastTTL', 'setMulticastLoopback'])
    onSocket(name, () => undefined);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the socket itself
  const { close } = proto;
  onSocket('close', (machine, self, args) => {
    const socket = self as Socket;
    const state = states.get(socket);
    if (state !== undefined && machine.udp.get(state.port) === socket)
      machine.udp.delete(state.port);
    // Of the platform it has a handle that is bound to nothing.
    return Reflect.apply(close, socket, args);
  });
}

function machineOf(self: unknown): Machine | undefined {
  return states.get(self as Socket)?.machine ?? currentMachine();
}

function stateOf(socket: Socket, machine: Machine): UdpState {
  const known = states.get(socket);
  if (known !== undefined) return known;
  const state: UdpState = { machine, inContext: contextHere(), port: 0, remote: undefined };
  states.set(socket, state);
  return state;
}

function later({ machine, inContext }: UdpState, act: () => void): void {
  machine.world.loop.callNext(() => {
    inContext(act);
  });
}

function open(socket: Socket, state: UdpState, port: number): void {
  try {
    state.port = state.machine.bindUdp(port, socket);
    later(state, () => socket.emit('listening'));
  } catch (error) {
    later(state, () => socket.emit('error', error));
  }
}

function bind(socket: Socket, state: UdpState, args: unknown[]): Socket {
  const [first] = args;
  const isOptions = typeof first === 'object' && first !== null;
  const port = isOptions ? (first as { port?: number }).port : first;
  const callback = args.find((each) => typeof each === 'function');
  if (callback !== undefined) socket.once('listening', callback as () => void);
  open(socket, state, typeof port === 'number' ? port : 0);
  return socket;
}

function connect(socket: Socket, state: UdpState, args: unknown[]): void {
  const [port, host] = args;
  const callback = args.find((each) => typeof each === 'function') as (() => void) | undefined;
  if (callback !== undefined) socket.once('connect', callback);
  if (state.port === 0) open(socket, state, 0);
  const name = typeof host === 'string' ? host : 'localhost';
  const machine = state.machine.world.findFrom(state.machine, name);
  if (machine !== undefined) state.remote = { machine, port: Number(port) };
  later(state, () => {
    if (machine === undefined) socket.emit('error', unknownName(name));
    else socket.emit('connect');
  });
}

function disconnect(_socket: Socket, state: UdpState): void {
  state.remote = undefined;
}

function address(_socket: Socket, state: UdpState): object {
  return { address: state.machine.address, port: state.port, family: 'IPv4' };
}

function remoteAddress(_socket: Socket, { remote }: UdpState): object {
  if (remote === undefined) throw systemError('getpeername', 'ENOTCONN');
  return { address: remote.machine.address, port: remote.port, family: 'IPv4' };
}

function send(socket: Socket, state: UdpState, args: unknown[]): void {
  const { bytes, port, host, callback } = sendArguments(args, {
    isConnected: state.remote !== undefined,
  });
  if (state.port === 0) open(socket, state, 0);
  const { machine } = state;
  const target = state.remote ?? { machine: machine.world.findFrom(machine, host), port };
  const to = target.machine;
  later(state, () => callback?.(to === undefined ? unknownName(host) : null, bytes.length));
  if (to === undefined) return;
  const from: RemoteInfo = {
    address: machine.address,
    family: 'IPv4',
    port: state.port,
    size: bytes.length,
  };
  machine.world.sendPacket(machine, to, {
    size: bytes.length,
    arrive: () => {
      receive(to.udp.get(target.port), bytes, from);
    },
  });
}

function receive(socket: Socket | undefined, bytes: Uint8Array, from: RemoteInfo): void {
  const state = socket === undefined ? undefined : states.get(socket);
  if (socket === undefined || state === undefined) return;
  const { remote } = state;
  // A connected socket hears its peer only.
  if (
    remote !== undefined &&
    (remote.machine.address !== from.address || remote.port !== from.port)
  )
    return;
  state.inContext(() => socket.emit('message', bytes, from));
}
