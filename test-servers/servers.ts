import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';

// Real servers from Debian’s packages, each in a directory of its own and on a free port. Tests of several packages start them.

export interface TestServer {
  readonly port: number;
  readonly process: ChildProcess;
  /** Where its files are; of PostgreSQL also its unix socket. */
  readonly path: string;
  stop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL and PgBouncer refuse to run as root. */
function account(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function directory(owner?: Account): string {
  const path = mkdtempSync(join(tmpdir(), 'ambit-server-'));
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return path;
}

async function answers(port: number, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (server.exitCode !== null) break;
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => {
        resolve(false);
      });
    });
    if (isThere) return;
    await pause(50);
  }
  throw new Error(`the server on port ${port} does not answer: ${server.spawnargs.join(' ')}`);
}

interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly path: string;
  readonly owner?: Account | undefined;
}

async function start({ command, args, port, path, owner }: Start): Promise<TestServer> {
  const server = spawn(command, args, { stdio: 'ignore', cwd: path, ...owner });
  const ended = new Promise<void>((resolve) => {
    server.on('exit', () => {
      resolve();
    });
    server.on('error', () => {
      resolve();
    });
  });
  await answers(port, server);
  return {
    port,
    process: server,
    path,
    stop: async () => {
      // Also one that a test has stopped.
      server.kill('SIGCONT');
      server.kill('SIGKILL');
      await ended;
      rmSync(path, { recursive: true, force: true });
    },
  };
}

export async function startRedis(...more: readonly string[]): Promise<TestServer> {
  const port = await freePort();
  const path = directory();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...more];
  return start({ command: 'redis-server', args, port, path });
}

/** Three masters that share the keys. */
export async function startRedisCluster(): Promise<{
  readonly ports: readonly number[];
  stop(): Promise<void>;
}> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = [
    await startRedis(...flags),
    await startRedis(...flags),
    await startRedis(...flags),
  ];
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  return {
    ports: nodes.map(({ port }) => port),
    stop: async () => {
      for (const node of nodes) await node.stop();
    },
  };
}

function postgresPrograms(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return join('/usr/lib/postgresql', versions[0] ?? '', 'bin');
}

/** How a PostgreSQL is started. */
export interface PostgresOptions {
  /** In PEM: with it the server speaks TLS, to clients that want it. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Settings: `max_connections=20`. */
  readonly settings?: readonly string[];
}

export async function startPostgres(options: PostgresOptions = {}): Promise<TestServer> {
  const owner = account();
  const port = await freePort();
  const path = directory(owner);
  const data = join(path, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
  execFileSync(join(postgresPrograms(), 'initdb'), initdb, {
    stdio: 'ignore',
    cwd: path,
    ...owner,
  });
  const settings = [...(options.settings ?? []), ...tlsSettings(path, owner, options.certificate)];
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', path, '-F'];
  args.push(...settings.flatMap((setting) => ['-c', setting]));
  const server = await start({
    command: join(postgresPrograms(), 'postgres'),
    args,
    port,
    path,
    owner,
  });
  await acceptsSessions(port);
  return server;
}

/** Its port is open before it accepts a session. */
async function acceptsSessions(port: number): Promise<void> {
  const isReady = (): boolean =>
    spawnSync(join(postgresPrograms(), 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
      .status === 0;
  for (let tries = 0; !isReady(); tries += 1) {
    if (tries > 300) throw new Error(`the PostgreSQL on port ${port} does not become ready`);
    await pause(50);
  }
}

function tlsSettings(
  path: string,
  owner: Account | undefined,
  certificate: PostgresOptions['certificate'],
): readonly string[] {
  if (certificate === undefined) return [];
  const files = { key: join(path, 'server.key'), cert: join(path, 'server.crt') };
  writeFileSync(files.key, certificate.key, { mode: 0o600 });
  writeFileSync(files.cert, certificate.cert);
  if (owner !== undefined) chownSync(files.key, owner.uid, owner.gid);
  return ['ssl=on', `ssl_key_file=${files.key}`, `ssl_cert_file=${files.cert}`];
}

/** In front of a PostgreSQL, in transaction mode: a statement can meet another connection each time. */
export async function startPgBouncer(postgres: TestServer, poolSize = 2): Promise<TestServer> {
  const owner = account();
  const port = await freePort();
  const path = directory(owner);
  const users = join(path, 'users.txt');
  const config = join(path, 'pgbouncer.ini');
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
`,
  );
  return start({ command: '/usr/sbin/pgbouncer', args: [config], port, path, owner });
}
