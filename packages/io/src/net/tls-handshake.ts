import { park, throwIfCancelled } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Socket } from 'node:net';
import type * as tls from 'node:tls';
import { node } from '../node.ts';
import { ignoreErrors, untilClosed } from '../streams/stream-end.ts';

interface Peer {
  /** Of the other end, for the task tree. */
  readonly name: string;
  /** Called once it is sure that the handshake begins: bad options must not take the socket from its stream. */
  readonly handOver: () => void;
}

/** One end of a handshake over a connected socket; {@link secureServer} is the other. */
export async function secureClient(
  raw: Socket,
  options: tls.ConnectionOptions,
  { name, handOver }: Peer,
): Promise<tls.TLSSocket> {
  throwIfCancelled();
  const secureContext = options.secureContext ?? node.tls.createSecureContext(options);
  handOver();
  return handshake(raw, name, (waker) => {
    const secure = node.tls.connect({ ...options, secureContext, socket: raw });
    secure.on('error', (error) => waker.fail(error));
    secure.once('secureConnect', () => waker.wake(secure));
  });
}

export async function secureServer(
  raw: Socket,
  options: tls.TlsOptions,
  { name, handOver }: Peer,
): Promise<tls.TLSSocket> {
  throwIfCancelled();
  // One that does not listen: only a server checks the certificates of clients.
  const server = node.tls.createServer(options);
  handOver();
  raw.allowHalfOpen = false;
  return handshake(raw, name, (waker) => {
    server.once('secureConnection', (secure) => {
      established(secure);
      waker.wake(secure);
    });
    server.once('tlsClientError', (error) => waker.fail(error));
    server.emit('connection', raw);
  });
}

/**
 * For sockets of a server. Before, they must not be half-open: a client that leaves during the handshake would not be
 * missed.
 */
export function established(secure: tls.TLSSocket): void {
  secure.allowHalfOpen = true;
  secure.on('error', ignoreErrors);
}

/** A handshake that fails or is cancelled closes the connection. */
async function handshake(
  raw: Socket,
  name: string,
  begin: (waker: Waker<tls.TLSSocket>) => void,
): Promise<tls.TLSSocket> {
  try {
    return await park<tls.TLSSocket>(begin, { name: () => `TLS handshake with ${name}` });
  } catch (error) {
    raw.destroy();
    await untilClosed([raw], () => `close the connection with ${name}`);
    throw error;
  }
}

/** The certificate is to be for the host that was connected to, unless the options say otherwise. */
export function withHost(
  options: tls.ConnectionOptions,
  host: string | undefined,
): tls.ConnectionOptions {
  if (host === undefined) return options;
  // An address is no name that a client may ask for (RFC 6066), but the certificate may be for it.
  return node.net.isIP(host) === 0 ? { servername: host, host, ...options } : { host, ...options };
}
