import { enter, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { ignoreErrors, untilClosed } from '../streams/node-stream.ts';

/**
 * Both ends of a handshake over a connected socket. `handOver` is called once it is sure that it begins: options that are
 * no good have taken nothing from anybody.
 */
export async function secureClient(
  raw: Socket,
  options: tls.ConnectionOptions,
  name: string,
  handOver: () => void,
): Promise<tls.TLSSocket> {
  enter();
  const secureContext = options.secureContext ?? tls.createSecureContext(options);
  handOver();
  return handshake(raw, name, (waker) => {
    const secure = tls.connect({ ...options, secureContext, socket: raw });
    secure.on('error', (error) => waker.fail(error));
    secure.once('secureConnect', () => waker.wake(secure));
  });
}

export async function secureServer(
  raw: Socket,
  options: tls.TlsOptions,
  name: string,
  handOver: () => void,
): Promise<tls.TLSSocket> {
  enter();
  // One that does not listen: only a server checks the certificates of clients.
  const server = tls.createServer(options);
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

/** Who fails, or is cancelled, at the handshake has no connection any more. */
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
  return isIP(host) === 0 ? { servername: host, host, ...options } : { host, ...options };
}
