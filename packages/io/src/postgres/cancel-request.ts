import type { ConnectionOptions } from 'node:tls';
import { node } from '../node.ts';
import { connectTcp, connectUnix } from '../net/connect.ts';
import type { SocketStream } from '../net/socket-stream.ts';

/** Which connection of which server; what pg keeps of it. */
interface Session {
  readonly host?: string;
  readonly port?: number;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sslNegotiation?: string;
  readonly processID?: number | null;
  readonly secretKey?: number | Uint8Array | null;
  readonly connection?: {
    readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
  };
}

const CANCEL = 80_877_102;
const SSL = 80_877_103;

/**
 * Asks the server, over a connection of its own, to cancel the query that a client of pg runs. Resolves once the server
 * has closed that connection: a request that arrived has reached its session by then, and no later query. It says
 * nothing about whether a query was cancelled.
 */
export async function sendCancelRequest(client: object): Promise<void> {
  const session = client as Session;
  const request = cancelRequestFor(session);
  const plain = await connectLike(session);
  let stream: SocketStream = plain;
  try {
    stream = await secure(plain, session);
    await stream.send(request);
    // It sends nothing.
    await stream.receive();
  } finally {
    await stream[Symbol.asyncDispose]();
  }
}

function cancelRequestFor({ processID, secretKey }: Session): Uint8Array {
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

/** To the same address as the client: behind the name there may be several servers. */
async function connectLike(session: Session): Promise<SocketStream> {
  const { host = 'localhost', port = 5432, connection } = session;
  if (host.startsWith('/')) return connectUnix(`${host}/.s.PGSQL.${port}`);
  const { remoteAddress = host, remotePort = port } = connection?.stream ?? {};
  return connectTcp({ host: remoteAddress, port: remotePort });
}

async function secure(
  plain: SocketStream,
  { host = 'localhost', ssl, sslNegotiation }: Session,
): Promise<SocketStream> {
  if (ssl === undefined || ssl === false) return plain;
  const given = ssl === true ? {} : ssl;
  const names = node.net.isIP(host) === 0 ? { host, servername: host } : { host };
  if (sslNegotiation === 'direct') {
    return plain.startTls({ ...names, ...given, ALPNProtocols: ['postgresql'] });
  }
  await plain.send(Buffer.concat([word(8), word(SSL)]));
  const answer = Buffer.from((await plain.receive()) ?? []).toString('latin1');
  if (answer !== 'S') throw new Error('the server does not take a cancel request over TLS');
  return plain.startTls({ ...names, ...given });
}
