import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { CancelTarget } from './cancel-request.ts';
import type { InnerQuery, PostgresJs } from './js-client.ts';

/** What postgres.js makes of the options that it was given. */
interface ParsedOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path: string | false;
  readonly ssl: boolean | string | ConnectionOptions;
  readonly sslnegotiation: string | null;
  readonly socket?: ((options: object) => Socket | PromiseLike<Socket>) | undefined;
}

/** Names of modes in which the certificate is not looked at. */
const UNVERIFIED: unknown[] = ['require', 'allow', 'prefer'];

/**
 * Where a cancel request for a session can go: to each of several hosts, since postgres.js does not tell which one a
 * connection has. Only the server with the session knows its key.
 */
export function targetsOf(sql: PostgresJs, key: InnerQuery['state']): readonly CancelTarget[] {
  const options = sql.options as ParsedOptions;
  const { path, ssl, sslnegotiation: sslNegotiation, socket } = options;
  const given = typeof ssl === 'object' ? ssl : ssl !== false;
  const common = {
    ssl: UNVERIFIED.includes(ssl) ? { rejectUnauthorized: false } : given,
    isTlsOptional: ssl === 'prefer',
    sslNegotiation,
    processID: key?.pid,
    secretKey: key?.secret,
    path: path === false ? undefined : path,
    open: socket && (async () => socket(options)),
  };
  return options.host.map((host, at) => ({ ...common, host, port: options.port[at] ?? 5432 }));
}
