import type { Socket } from 'node:net';

/** Where a TCP or UDP socket is. */
export interface TcpAddress {
  /** The address of the host. */
  readonly host: string;
  /** The number of the port. */
  readonly port: number;
}

/** Where a unix socket is; '' for one without a name, which a client's is. */
export interface UnixAddress {
  /** The path of its file. */
  readonly path: string;
}

/** Where a socket is. */
export type Address = TcpAddress | UnixAddress;

/** As it is written in messages, in the names of tasks: `127.0.0.1:80`, `[::1]:80`, `/run/app.sock`. */
export function formatAddress(address: Address): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  // Joined, it is a string of its own: one of a template refers to its parts, which each idle connection would keep.
  return [host.includes(':') ? `[${host}]` : host, port].join(':');
}

// What the system does not know, because the connection has gone already, is '' and 0.
export function localOf(socket: Socket): TcpAddress {
  return { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
}

export function remoteOf(socket: Socket): TcpAddress {
  return { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
}
