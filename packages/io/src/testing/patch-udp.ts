import type { RemoteInfo, Socket } from 'node:dgram';
import { node } from '../node.ts';
import { contextHere, currentMachine } from './current-machine.ts';
import type { InContext } from './current-machine.ts';
import { escaped } from './escaped.ts';
import type { Life, Machine } from './machine.ts';
import { patchOf } from './patch.ts';
import type { InHost } from './patch.ts';
import { sendArguments } from './udp-arguments.ts';
import { systemError, unknownName } from './system-error.ts';
import { isLoopback } from './world.ts';

interface Remote {
  readonly machine: Machine;
  readonly address: string;
  readonly port: number;
}

interface UdpState {
  readonly machine: Machine;
  /** Of the process that it belongs to. */
  readonly life: Life;
  readonly inContext: InContext;
  /** The address that it was bound to; undefined: all of the machine. */
  address: string | undefined;
  port: number;
  remote: Remote | undefined;
}

interface Sender {
  readonly machine: Machine;
  readonly info: RemoteInfo;
}

const states = new WeakMap<Socket, UdpState>();

/** They change nothing on a simulated network. */
const SETTINGS = [
  'setBroadcast',
  'setTTL',
  'setMulticastTTL',
  'setMulticastLoopback',
  'setMulticastInterface',
  'setRecvBufferSize',
  'setSendBufferSize',
];
/** Bytes, as Linux has them. */
const BUFFER = 212_992;
const MEMBERSHIPS = [
  'addMembership',
  'dropMembership',
  'addSourceSpecificMembership',
  'dropSourceSpecificMembership',
];

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
      if (machine.isGrave) return name === 'bind' ? socket : undefined;
      return act(socket, stateOf(socket, machine), args);
    });
  }
  patchSettings(onSocket);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the socket itself
  const { close } = proto;
  onSocket('close', (machine, self, args) => {
    const socket = self as Socket;
    const state = states.get(socket);
    if (state !== undefined) machine.udp.release(state.port, (each) => each === socket);
    // Of the platform it has a handle that is bound to nothing.
    return Reflect.apply(close, socket, args);
  });
}

function patchSettings(onSocket: (name: string, inHost: InHost) => void): void {
  for (const name of SETTINGS) onSocket(name, () => undefined);
  for (const name of ['getRecvBufferSize', 'getSendBufferSize']) onSocket(name, () => BUFFER);
  for (const name of MEMBERSHIPS) {
    onSocket(name, () => {
      throw escaped(`dgram.Socket.${name}`, 'multicast', 'send to each host');
    });
  }
}

function machineOf(self: unknown): Machine | undefined {
  const state = states.get(self as Socket);
  if (state === undefined) return currentMachine();
  return state.life.isOver ? state.machine.grave : state.machine;
}

function stateOf(socket: Socket, machine: Machine): UdpState {
  const known = states.get(socket);
  if (known !== undefined) return known;
  const state: UdpState = {
    machine,
    life: machine.life,
    inContext: contextHere(),
    address: undefined,
    port: 0,
    remote: undefined,
  };
  states.set(socket, state);
  return state;
}

function later({ machine, inContext }: UdpState, act: () => void): void {
  machine.later(() => {
    inContext(act);
  });
}

function open(socket: Socket, state: UdpState, port: number): void {
  try {
    const { machine } = state;
    const asked = { address: machine.address, port, isShared: isShared(socket) };
    state.port = machine.bindUdp(asked, socket);
    later(state, () => socket.emit('listening'));
  } catch (error) {
    later(state, () => socket.emit('error', error));
  }
}

/** Its options are in what Node keeps about it: `reusePort`, where Node knows that. */
function isShared(socket: Socket): boolean {
  const key = Object.getOwnPropertySymbols(socket).find(
    (each) => each.description === 'state symbol',
  );
  const kept = socket as unknown as Record<symbol, { readonly reusePort?: unknown }>;
  return key !== undefined && kept[key]?.reusePort === true;
}

function bind(socket: Socket, state: UdpState, args: unknown[]): Socket {
  const [first] = args;
  const isOptions = typeof first === 'object' && first !== null;
  const { port, address, fd } = (isOptions ? first : { port: first, address: args[1] }) as {
    readonly fd?: unknown;
    readonly port?: unknown;
    readonly address?: unknown;
  };
  if (typeof fd === 'number' && fd > 0)
    throw escaped(`dgram.Socket.bind: fd is ${fd}`, 'descriptors', 'give a port');
  if (typeof address === 'string' && isOneOf(state.machine, address)) state.address = address;
  const callback = args.find((each) => typeof each === 'function');
  if (callback !== undefined) socket.once('listening', callback as () => void);
  open(socket, state, typeof port === 'number' ? port : 0);
  return socket;
}

/** As opposed to a name, and to the address of all. */
function isOneOf(machine: Machine, address: string): boolean {
  return address === machine.address || /^127\./u.test(address);
}

function connect(socket: Socket, state: UdpState, args: unknown[]): void {
  const [port, host] = args;
  const callback = args.find((each) => typeof each === 'function') as (() => void) | undefined;
  if (callback !== undefined) socket.once('connect', callback);
  if (state.port === 0) open(socket, state, 0);
  const name = typeof host === 'string' ? host : 'localhost';
  const machine = state.machine.world.findFrom(state.machine, name);
  if (machine !== undefined)
    state.remote = { machine, address: addressOn(machine, name), port: Number(port) };
  later(state, () => {
    if (machine === undefined) socket.emit('error', unknownName(name));
    else socket.emit('connect');
  });
}

function disconnect(_socket: Socket, state: UdpState): void {
  state.remote = undefined;
}

function addressOn(machine: Machine, name: string): string {
  return isLoopback(name) ? '127.0.0.1' : machine.address;
}

function address(_socket: Socket, { machine, address: bound, port }: UdpState): object {
  return { address: bound ?? machine.address, port, family: 'IPv4' };
}

function remoteAddress(_socket: Socket, { remote }: UdpState): object {
  if (remote === undefined) throw systemError('getpeername', 'ENOTCONN');
  return { address: remote.address, port: remote.port, family: 'IPv4' };
}

/** The most bytes that fit into a packet of UDP over IPv4. */
const MOST = 65_507;

function send(socket: Socket, state: UdpState, args: unknown[]): void {
  const isConnected = state.remote !== undefined;
  const { bytes, port, host, callback } = sendArguments(args, { isConnected });
  if (state.port === 0) open(socket, state, 0);
  const { machine, address: bound } = state;
  const asked = { machine: machine.world.findFrom(machine, host), address: host, port };
  const target = state.remote ?? asked;
  const to = target.machine;
  const failure = to === undefined ? unknownName(host) : sizeError(bytes);
  later(state, () => {
    if (callback !== undefined) callback(failure ?? null, bytes.length);
    else if (failure !== undefined) socket.emit('error', failure);
  });
  if (to === undefined || failure !== undefined) return;
  const here = bound ?? addressOn(machine, target.address);
  const info: RemoteInfo = { address: here, family: 'IPv4', port: state.port, size: bytes.length };
  machine.world.sendPacket(machine, to, {
    size: bytes.length,
    arrive: () => {
      const receiver = to.udp.at(target.port, state.port);
      if (receiver !== undefined) receive(receiver, bytes, { machine, info });
      else if (isConnected && !to.isSilent) refuse(to, socket, state);
    },
  });
}

function sizeError(bytes: Uint8Array): Error | undefined {
  return bytes.length > MOST ? systemError('send', 'EMSGSIZE') : undefined;
}

/** A system tells a connected socket that its packets reach no program. */
function refuse(by: Machine, socket: Socket, state: UdpState): void {
  by.world.sendPacket(by, state.machine, {
    size: 0,
    arrive: () => {
      if (!state.machine.udp.has(state.port, socket)) return;
      state.inContext(() => socket.emit('error', systemError('recvmsg', 'ECONNREFUSED')));
    },
  });
}

function receive(socket: Socket, bytes: Uint8Array, { machine, info }: Sender): void {
  const state = states.get(socket);
  if (state === undefined) return;
  const { remote } = state;
  // A connected socket hears its peer only.
  if (remote !== undefined && (remote.machine !== machine || remote.port !== info.port)) return;
  state.inContext(() => socket.emit('message', bytes, info));
}
