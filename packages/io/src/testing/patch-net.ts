import type { ListenOptions, Server, Socket, TcpNetConnectOpts } from 'node:net';
import { InvalidStateError } from '@ambit/core';
import { node } from '../node.ts';
import { connect } from './connection.ts';
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
  throw new InvalidStateError(
    `${where}: path is "${path}"; a simulated host has no unix sockets: give a host and a port`,
  );
}
