import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { node } from '../node.ts';
import { connectTcp, connectUnix } from '../net/connect.ts';
import { SocketStream } from '../net/socket-stream.ts';

/** Which connection of which server. */
export interface CancelTarget {
  /** A name or an address; a certificate has to be for it. */
  readonly host: string;
  readonly port: number;
  /** Of a unix socket, in the place of host and port. */
  readonly path?: string | undefined;
  /** The address of the connection itself, if it is known: behind a name there may be several servers. */
  readonly address?: string | undefined;
  /** Opens a connection in another way. */
  readonly open?: (() => Promise<Socket>) | undefined;
  /** As `tls.connect` takes it. */
  readonly ssl?: boolean | ConnectionOptions | undefined;
  readonly sslNegotiation?: string | null | undefined;
  /** Whether a server that speaks no TLS is asked without it. */
  readonly isTlsOptional?: boolean | undefined;
  readonly processID?: number | null | undefined;
  readonly secretKey?: number | Uint8Array | null | undefined;
}

const CANCEL = 80_877_102;
const SSL = 80_877_103;

/**
 * Asks the server, over a connection of its own, to cancel the query that a connection runs. Resolves once the server
 * has closed that connection: a request that arrived has reached its session by then, and no later query. It says
 * nothing about whether a query was cancelled.
 */
export async function sendCancelRequest(target: CancelTarget): Promise<void> {
  const request = cancelRequestFor(target);
  const plain = await connectLike(target);
  let stream: SocketStream = plain;
  try {
    stream = await secure(plain, target);
    await stream.send(request);
    // It sends nothing.
    await stream.receive();
  } finally {
    await stream[Symbol.asyncDispose]();
  }
}

function cancelRequestFor({ processID, secretKey }: CancelTarget): Uint8Array {
  if (typeof processID !== 'number' || secretKey === undefined || secretKey === null) {
    throw new Error('the server gave this connection no key to cancel with');
  }
  const key = typeof secretKey === 'number' ? word(secretKey) : secretKey;
  return Buffer.concat([word(12 + key.length), word(CANCEL), word(processID), key]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

async function connectLike(target: CancelTarget): Promise<SocketStream> {
  const { host, port, path, address = host, open } = target;
  if (open !== undefined) {
    return new SocketStream(await open(), { isServer: false, host });
  }
  return path === undefined ? connectTcp({ host: address, port }) : connectUnix(path);
}

async function secure(plain: SocketStream, target: CancelTarget): Promise<SocketStream> {
  const { host, ssl, sslNegotiation, isTlsOptional = false } = target;
  if (ssl === undefined || ssl === false) return plain;
  const given = ssl === true ? {} : ssl;
  const names = node.net.isIP(host) === 0 ? { host, servername: host } : { host };
  if (sslNegotiation === 'direct') {
    return plain.startTls({ ...names, ...given, ALPNProtocols: ['postgresql'] });
  }
  await plain.send(Buffer.concat([word(8), word(SSL)]));
  const answer = Buffer.from((await plain.receive()) ?? []).toString('latin1');
  if (answer === 'S') return plain.startTls({ ...names, ...given });
  if (answer === 'N' && isTlsOptional) return plain;
  throw new Error('the server does not take a cancel request over TLS');
}
