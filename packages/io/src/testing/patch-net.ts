import type { ListenOptions, Server, Socket, TcpNetConnectOpts } from 'node:net';
import { node } from '../node.ts';
import { connect } from './connection.ts';
import { escaped } from './escaped.ts';
import { listen } from './listening.ts';
import { patch } from './patch.ts';

type Callback = (() => void) | null;

interface Normalizing {
  _normalizeArgs(args: unknown[]): [object, Callback];
}

/** Connections and servers of code on a simulated machine are those of its network. */
export function patchNet(): void {
  const { net } = node;
  patch(net.Socket.prototype, 'connect', (machine, self, args) => {
    const [options, callback] = (Array.isArray(args[0]) ? args[0] : normalize(args)) as [
      TcpNetConnectOpts,
      Callback,
    ];
    refusePath('net.connect', options);
    const socket = self as Socket;
    if (callback !== null) socket.once('connect', callback);
    connect(machine, socket, options);
    return socket;
  });
  patch(net.Server.prototype, 'listen', (machine, self, args) => {
    const [options, callback] = normalize(args) as [ListenOptions, Callback];
    refusePath('net.Server.listen', options);
    refuseHandle(args[0], options);
    const server = self as Server;
    if (callback !== null) server.once('listening', callback);
    listen(machine, server, options);
    return server;
  });
}

export function normalize(args: unknown[]): [object, Callback] {
  return (node.net as unknown as Normalizing)._normalizeArgs(args);
}

function refusePath(where: string, options: object): void {
  // Some give null for none.
  const { path } = options as { path?: unknown };
  if (typeof path !== 'string') return;
  throw escaped(`${where}: path is "${path}"`, 'unix sockets', 'give a host and a port');
}

/** A descriptor of the system, or a server that has one. */
function refuseHandle(given: unknown, options: object): void {
  const { fd } = options as { fd?: unknown };
  const isHandle =
    typeof given === 'object' && given !== null && ('_handle' in given || 'handle' in given);
  if (!isHandle && !(typeof fd === 'number' && fd >= 0)) return;
  const what = isHandle ? 'a handle was given' : `fd is ${fd as number}`;
  throw escaped(`net.Server.listen: ${what}`, 'descriptors', 'give a port');
}
